"""Files that steps name: they exist, and they are inside the project."""

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from automl.compiler.config import Config, StepConfig
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.placement import uses_bundle, uses_project
from automl.compiler.suggest import did_you_mean

_LONGEST_NAME, _LONGEST_PATH = 255, 4096  # bytes that Linux takes
_MOST_COMPARED = 20_000  # names; then nothing is looked for any more that could have been meant
_DEPENDENCY_FILES = "a requirements file (.txt), a pyproject.toml, a uv.lock or a pylock.toml"
_EXPORTS = {
    "poetry.lock": "poetry export -o requirements.txt",
    "Pipfile": "pipenv requirements > requirements.txt",
    "Pipfile.lock": "pipenv requirements > requirements.txt",
    "environment.yml": "pip list --format=freeze > requirements.txt; or give an `image` that has the environment",
    "environment.yaml": "pip list --format=freeze > requirements.txt; or give an `image` that has the environment",
    "pdm.lock": "pdm export -o requirements.txt",
    "setup.py": "pip freeze > requirements.txt",
}
_IN_ITS_FOLDER = "paths are relative to the folder of the config"


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
        self._names: dict[Path, list[str]] = {}
        self._to_compare = _MOST_COMPARED

    def __missing__(self, path: str) -> tuple[Code, str, str] | None:
        self[path] = self._find(path)
        return self[path]

    def _find(self, path: str) -> tuple[Code, str, str] | None:
        if "\\" in path:
            help = f'did you mean "{path.replace(chr(92), "/")}"?'
            return Code.OUTSIDE_PROJECT, f'"{path}" is no path: its parts are parted by "/"', help
        if _leaves(path):
            return _outside(path)
        if _is_too_long(path):
            help = f"a name has at most {_LONGEST_NAME} bytes, a path {_LONGEST_PATH}"
            return Code.FILE_NOT_FOUND, f'the file name is too long: "{path}"', help
        return self._look_for(path) if self._look else None

    def _look_for(self, path: str) -> tuple[Code, str, str] | None:
        try:
            if self._resolves_outside(path):
                return _outside(path)
            if (self._folder / path).is_dir():
                return Code.FILE_NOT_FOUND, f'"{path}" is a folder', "give the file in it that runs"
            if not (self._folder / path).is_file():
                return Code.FILE_NOT_FOUND, f'there is no file "{path}"', self._similar(path)
        except OSError as error:
            message = f'"{path}" cannot be looked at: {(error.strerror or str(error)).lower()}'
            return Code.FILE_NOT_FOUND, message, _IN_ITS_FOLDER
        return None

    def _resolves_outside(self, path: str) -> bool:
        return not Path(os.path.realpath(self._folder / path)).is_relative_to(self._real_folder)

    def _similar(self, path: str) -> str:
        script = path.rpartition(" ")[2]
        if script != path and not _leaves(script) and (self._folder / script).is_file():
            return f"give the script alone, `path_to_executable: {script}`; words go under `args`, another program under `command`"
        names = self._names_in((self._folder / path).parent)
        self._to_compare -= len(names)
        name = did_you_mean(PurePosixPath(path).name, names) if self._to_compare >= 0 else None
        return f'did you mean "{PurePosixPath(path).with_name(name)}"?' if name else _IN_ITS_FOLDER

    def _names_in(self, folder: Path) -> list[str]:
        if folder not in self._names:
            self._names[folder] = [file.name for file in folder.iterdir()] if folder.is_dir() else []
        return self._names[folder]


def _check_step(step: StepConfig, problems: _Problems) -> Iterator[Diagnostic]:
    is_installed = step.dependencies is None or _is_dependency_file(step.dependencies.value)
    if step.dependencies and not is_installed:
        name, span = step.dependencies
        message = f'"{name}" is not a kind of dependency file that automl installs'
        yield Diagnostic(Code.DEPENDENCY_FILE, message, span, help=_export(name))
    for path in (step.path, step.dependencies if is_installed else None):
        if path is not None and (problem := problems[path.value]):
            code, message, help = problem
            yield Diagnostic(code, message, path.span, help=help)


def _export(path: str) -> str:
    """How another tool's list of packages becomes one that is installed."""
    name = PurePosixPath(path).name
    if name in _EXPORTS:
        return f"export it: {_EXPORTS[name]}"
    if re.search("[=<>~]=|[<>]", path) or not PurePosixPath(path).suffix:
        return "put the requirement into a file, for instance a requirements.txt, and give the file"
    return f"give {_DEPENDENCY_FILES}"


def _is_dependency_file(path: str) -> bool:
    name = PurePosixPath(path).name
    is_pylock = (name.startswith("pylock.") and name.endswith(".toml")) or name == "pylock.toml"
    return name.endswith(".txt") or name in ("pyproject.toml", "uv.lock") or is_pylock


def _leaves(path: str) -> bool:
    return path.startswith(("/", "~")) or ".." in PurePosixPath(path).parts


def _is_too_long(path: str) -> bool:
    size = len(path.encode())
    return size > _LONGEST_PATH or any(len(part.encode()) > _LONGEST_NAME for part in path.split("/"))


def _outside(path: str) -> tuple[Code, str, str]:
    return (
        Code.OUTSIDE_PROJECT,
        f'"{path}" is outside the project',
        "a path is relative to the config and stays in its folder",
    )
