"""Files that steps name: they exist, and they are inside the project."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from automl.compiler.config import Config, Located, StepConfig
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.placement import uses_bundle, uses_project
from automl.compiler.suggest import did_you_mean

_DEPENDENCY_FILES = "a requirements file (.txt), a pyproject.toml, a uv.lock or a pylock.toml"


def check_files(config: Config, folder: Path) -> Iterator[Diagnostic]:
    """Scripts and dependency files of the steps that run in the project's files."""
    look = uses_bundle(config)
    for stage in config.stages:
        for step in stage.steps:
            if uses_project(step, config.code):
                yield from _check_step(step, folder, look)


def _check_step(step: StepConfig, folder: Path, look: bool) -> Iterator[Diagnostic]:
    if step.dependencies and not _is_dependency_file(step.dependencies.value):
        message = f'"{step.dependencies.value}" is not a kind of dependency file that automl installs'
        yield Diagnostic(
            Code.DEPENDENCY_FILE, message, step.dependencies.span, help=f"give {_DEPENDENCY_FILES}"
        )
    for path in (step.path, step.dependencies):
        if path is not None:
            yield from _check_path(path, folder, look)


def _is_dependency_file(path: str) -> bool:
    name = PurePosixPath(path).name
    is_pylock = (name.startswith("pylock.") and name.endswith(".toml")) or name == "pylock.toml"
    return name.endswith(".txt") or name in ("pyproject.toml", "uv.lock") or is_pylock


def _check_path(path: Located[str], folder: Path, look: bool) -> Iterator[Diagnostic]:
    if _leaves(path.value) or (look and _resolves_outside(folder, path.value)):
        message = f'"{path.value}" is outside the project'
        help = "a path is relative to the config and stays in its folder"
        yield Diagnostic(Code.OUTSIDE_PROJECT, message, path.span, help=help)
    elif look and not (folder / path.value).is_file():
        message = f'there is no file "{path.value}"'
        yield Diagnostic(Code.FILE_NOT_FOUND, message, path.span, help=_similar(folder, path.value))


def _leaves(path: str) -> bool:
    return path.startswith(("/", "~")) or "\\" in path or ".." in PurePosixPath(path).parts


def _resolves_outside(folder: Path, path: str) -> bool:
    return not Path(os.path.realpath(folder / path)).is_relative_to(os.path.realpath(folder))


def _similar(folder: Path, path: str) -> str:
    parent = (folder / path).parent
    names = sorted(path.name for path in parent.iterdir()) if parent.is_dir() else []
    if name := did_you_mean(PurePosixPath(path).name, names):
        return f'did you mean "{PurePosixPath(path).with_name(name)}"?'
    return "paths are relative to the folder of the config"
