"""Files that steps name: they exist, and they are inside the project."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from automl.compiler.config import Config, StepConfig
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.placement import uses_bundle, uses_project
from automl.compiler.suggest import did_you_mean

_DEPENDENCY_FILES = "a requirements file (.txt), a pyproject.toml, a uv.lock or a pylock.toml"


def check_files(config: Config, folder: Path) -> Iterator[Diagnostic]:
    """Scripts and dependency files of the steps that run in the project's files."""
    problems = _Problems(folder, look=uses_bundle(config))
    for stage in config.stages:
        for step in stage.steps:
            if uses_project(step, config.code):
                yield from _check_step(step, problems)


class _Problems(dict[str, tuple[Code, str, str] | None]):
    """A path to what is wrong with it. Steps share scripts, and the file system is slow, so it is asked once."""

    def __init__(self, folder: Path, look: bool) -> None:
        super().__init__()
        self._folder = folder
        self._real_folder = Path(os.path.realpath(folder))
        self._look = look

    def __missing__(self, path: str) -> tuple[Code, str, str] | None:
        self[path] = self._find(path)
        return self[path]

    def _find(self, path: str) -> tuple[Code, str, str] | None:
        if _leaves(path) or (self._look and self._resolves_outside(path)):
            help = "a path is relative to the config and stays in its folder"
            return Code.OUTSIDE_PROJECT, f'"{path}" is outside the project', help
        if self._look and not (self._folder / path).is_file():
            return Code.FILE_NOT_FOUND, f'there is no file "{path}"', _similar(self._folder, path)
        return None

    def _resolves_outside(self, path: str) -> bool:
        return not Path(os.path.realpath(self._folder / path)).is_relative_to(self._real_folder)


def _check_step(step: StepConfig, problems: _Problems) -> Iterator[Diagnostic]:
    if step.dependencies and not _is_dependency_file(step.dependencies.value):
        message = f'"{step.dependencies.value}" is not a kind of dependency file that automl installs'
        yield Diagnostic(
            Code.DEPENDENCY_FILE, message, step.dependencies.span, help=f"give {_DEPENDENCY_FILES}"
        )
    for path in (step.path, step.dependencies):
        if path is not None and (problem := problems[path.value]):
            code, message, help = problem
            yield Diagnostic(code, message, path.span, help=help)


def _is_dependency_file(path: str) -> bool:
    name = PurePosixPath(path).name
    is_pylock = (name.startswith("pylock.") and name.endswith(".toml")) or name == "pylock.toml"
    return name.endswith(".txt") or name in ("pyproject.toml", "uv.lock") or is_pylock


def _leaves(path: str) -> bool:
    return path.startswith(("/", "~")) or "\\" in path or ".." in PurePosixPath(path).parts


def _similar(folder: Path, path: str) -> str:
    parent = (folder / path).parent
    names = sorted(path.name for path in parent.iterdir()) if parent.is_dir() else []
    if name := did_you_mean(PurePosixPath(path).name, names):
        return f'did you mean "{PurePosixPath(path).with_name(name)}"?'
    return "paths are relative to the folder of the config"
