"""Files that steps name: they exist, and they are inside the project."""

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath

from automl.compiler.config.code_source import uses_bundle, uses_project
from automl.compiler.config.config import Config
from automl.compiler.config.step import StepConfig
from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.project.paths import text_of, under
from automl.compiler.source import Located, Span
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
_MOST_PLACES = 3  # beside the first at which a file is named
_STAYS = "a path is relative to the config and stays in its folder"
_IN_ITS_FOLDER = "paths are relative to the folder of the config"


def check_files(config: Config, folder: Path) -> Iterator[Diagnostic]:
    """Scripts, dependency files and indices of folds of the steps that run in the project's files."""
    problems = _Problems(folder, look=uses_bundle(config))
    wrong: dict[str, dict[Span, None]] = {}  # places: that of a default counts once
    for step in config.steps:
        if uses_project(step, config.code):
            yield from _check_kind(step)
            for path in _paths(step):
                if problems[path.value]:
                    wrong.setdefault(path.value, {})[path.span] = None
    for name, places in wrong.items():
        if problem := problems[name]:
            code, message, help = problem
            first, *others = islice(places, 1 + _MOST_PLACES)
            related = tuple(Related("and here", span) for span in others)
            yield Diagnostic(code, message, first, help=help, related=related)


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
            better = path.replace("\\", "/")
            is_inside = not _leaves(better) and ":" not in better
            help = f'did you mean "{better}"?' if is_inside else _STAYS
            return Code.OUTSIDE_PROJECT, f'"{path}" is no path: its parts are parted by "/"', help
        if _leaves(path):
            return self._outside(path)
        if _is_too_long(path):
            help = f"a name has at most {_LONGEST_NAME} bytes, a path {_LONGEST_PATH}"
            return Code.FILE_NOT_FOUND, f'the file name is too long: "{path}"', help
        return self._look_for(path) if self._look else None

    def _look_for(self, path: str) -> tuple[Code, str, str] | None:
        place = under(self._folder, path)
        try:
            if not Path(os.path.realpath(place)).is_relative_to(self._real_folder):
                return self._outside(path)
            if place.is_dir():
                return Code.FILE_NOT_FOUND, f'"{path}" is a folder', "give the file in it that runs"
            if not place.is_file():
                return Code.FILE_NOT_FOUND, f'there is no file "{path}"', self._similar(path)
        except OSError as error:
            message = f'"{path}" cannot be looked at: {(error.strerror or str(error)).lower()}'
            return Code.FILE_NOT_FOUND, message, _IN_ITS_FOLDER
        return None

    def _outside(self, path: str) -> tuple[Code, str, str]:
        """The file may be in the project, and only its path be another one."""
        name = PurePosixPath(path).name
        is_there = (
            self._look and not _is_too_long(name) and name != ".." and under(self._folder, name).is_file()
        )
        help = f'did you mean "{name}"?' if is_there else _STAYS
        return Code.OUTSIDE_PROJECT, f'"{path}" is outside the project', help

    def _similar(self, path: str) -> str:
        script = path.rpartition(" ")[2]
        if "://" in path:
            return "a file of the project belongs here, no address"
        if "$" in path:
            return "variables are not replaced here: write the path itself"
        if script != path and not _leaves(script) and under(self._folder, script).is_file():
            if _is_dependency_file(script):
                return f'did you mean "{script}"?'
            return f"give the script alone, `path_to_executable: {script}`; words go under `args`, another program under `command`"
        names = self._names_in(under(self._folder, path).parent)
        self._to_compare -= len(names)
        name = did_you_mean(PurePosixPath(path).name, names) if self._to_compare >= 0 else None
        return f'did you mean "{PurePosixPath(path).with_name(name)}"?' if name else _IN_ITS_FOLDER

    def _names_in(self, folder: Path) -> list[str]:
        if folder not in self._names:
            self._names[folder] = (
                [text_of(os.fsencode(file.name)) for file in folder.iterdir()] if folder.is_dir() else []
            )
        return self._names[folder]


def _paths(step: StepConfig) -> Iterator[Located[str]]:
    """The files that a step needs, but for what is no file of dependencies."""
    if step.path:
        yield step.path
    if step.dependencies and _is_dependency_file(step.dependencies.value):
        yield step.dependencies
    if step.indices_file:
        yield step.indices_file


def _check_kind(step: StepConfig) -> Iterator[Diagnostic]:
    if step.dependencies and not _is_dependency_file(step.dependencies.value):
        name, span = step.dependencies.value, step.dependencies.span
        message = f'"{name}" is not a kind of dependency file that automl installs'
        yield Diagnostic(Code.DEPENDENCY_FILE, message, span, help=_export(name))


def _export(path: str) -> str:
    """How another tool's list of packages becomes one that is installed."""
    name = PurePosixPath(path).name
    if name in _EXPORTS:
        return f"export it: {_EXPORTS[name]}"
    if name.endswith(".in"):
        return f"export it: pip-compile {name}, and give the .txt"
    if re.search("[=<>~]=|[<>]", path) or not PurePosixPath(path).suffix:
        return "put the requirement into a file, for instance a requirements.txt, and give the file"
    return f"give {_DEPENDENCY_FILES}"


def _is_dependency_file(path: str) -> bool:
    name = PurePosixPath(path).name
    is_pylock = (name.startswith("pylock.") and name.endswith(".toml")) or name == "pylock.toml"
    return name.endswith(".txt") or name in ("pyproject.toml", "uv.lock") or is_pylock


def _leaves(path: str) -> bool:
    return path.startswith(("/", "~")) or ".." in path.split("/")


def _is_too_long(path: str) -> bool:
    size = len(path.encode())
    return size > _LONGEST_PATH or any(len(part.encode()) > _LONGEST_NAME for part in path.split("/"))
