"""How many folds a file of the project says there are."""

import json
from pathlib import Path

from automl.compiler.config.code_source import uses_bundle, uses_project
from automl.compiler.config.config import Config
from automl.compiler.config.located import Template
from automl.compiler.config.step import StepConfig
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.project.paths import under
from automl.compiler.source import Located, Span

_SHAPE = 'its form is `{"folds": [{"train": [0, 1], "test": [2]}, …]}`'
_LARGEST = 64 * 1024 * 1024
_STAND_IN = 2  # for a number that is not known, which is said


class FoldsError(ValueError):
    """A file that says nothing of folds."""


def with_folds(config: Config, folder: Path) -> tuple[Config, list[Diagnostic]]:
    """The config with a number of folds wherever it has some; `folder` is the project's."""
    if not any(step.cross_validation for step in config.steps):
        return config, []
    folds = _Folds(config, folder)
    stages = [stage._replace(steps=tuple(map(folds.counted, stage.steps))) for stage in config.stages]
    return config._replace(stages=tuple(stages)), folds.diagnostics


class _Folds:
    def __init__(self, config: Config, folder: Path) -> None:
        self._config, self._folder = config, folder
        self.diagnostics: list[Diagnostic] = []

    def counted(self, step: StepConfig) -> StepConfig:
        """The step with the number of its folds."""
        validation = step.cross_validation
        if validation is None:
            return step
        count = self._count_in_file(step, step.indices_file) if step.indices_file else None
        if step.indices_file and count and validation.folds not in (None, count):
            message = f'"{step.indices_file.value}" has {count} folds, not {validation.folds}'
            self._wrong(message, step.spans["cross_validation.folds"], "leave `folds` out, or mend the file")
        if validation.folds is None and self._is_elsewhere(validation.indices):
            message = "how many folds there are is not known before the workflow runs"
            self._wrong(message, step.spans["cross_validation.indices"], "say it, too: `folds: 5`")
        folds = count or validation.folds or _STAND_IN
        return step._replace(cross_validation=validation._replace(folds=folds))

    def _count_in_file(self, step: StepConfig, indices: Located[str]) -> int | None:
        """The number of folds in a file; none if it says none, or is not there, which is said with the other files."""
        if not uses_project(step, self._config.code):
            message = '"indices" is a file of the project, and the code of this step is in its image'
            help = "take the output of a step, or leave it out: the program has the number of its fold"
            place = step.spans["cross_validation.indices"]
            self.diagnostics.append(Diagnostic(Code.CANNOT_SAY, message, place, help))
            return None
        path = under(self._folder, indices.value)
        if not uses_bundle(self._config) or not _is_inside(path, self._folder):
            return None
        try:
            return _folds_in_file(path)
        except FoldsError as error:
            self._wrong(f'"{indices.value}" {error}', indices.span, _SHAPE)
            return None

    def _is_elsewhere(self, indices: Located[str] | None) -> bool:
        """Whether nobody can look into the indices yet: a step makes them, or they are in git."""
        is_in_git = self._config.code is not None and self._config.code.git is not None
        return isinstance(indices, Template) or (indices is not None and is_in_git)

    def _wrong(self, message: str, span: Span, help: str) -> None:
        self.diagnostics.append(Diagnostic(Code.SWEEP, message, span, help))


def _is_inside(path: Path, folder: Path) -> bool:
    try:
        return path.is_file() and path.resolve().is_relative_to(folder.resolve())
    except OSError:
        return False


def _folds_in_file(path: Path) -> int:
    try:
        if path.stat().st_size > _LARGEST:
            raise FoldsError("is too large to be looked into")
        return _folds_in(path.read_bytes())
    except OSError as error:
        raise FoldsError(f"cannot be read: {(error.strerror or str(error)).lower()}") from None


def _folds_in(data: bytes) -> int:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise FoldsError("is no JSON") from None
    folds = content.get("folds") if isinstance(content, dict) else None
    if not isinstance(folds, list) or len(folds) < 2:
        raise FoldsError('has no list of at least two "folds"')
    for number, fold in enumerate(folds):
        lists = [fold.get(key) for key in ("train", "test")] if isinstance(fold, dict) else [None]
        if not all(isinstance(one, list) for one in lists):
            raise FoldsError(f'has no lists "train" and "test" in fold {number}')
    return len(folds)
