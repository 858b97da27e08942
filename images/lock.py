"""Whether what uv reads names parts of the project itself: then the project has to be there when it is installed."""

import tomllib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from automl.compiler.ir import BundledFile

_OF_FOLDERS = frozenset(["path", "workspace", "directory", "editable", "virtual", "members", "find-links"])
_ROOT = "."  # in a lock file the project, which is not installed with the rest
_DYNAMIC = frozenset(["dependencies", "optional-dependencies"])


def has_parts_of_project(file: BundledFile) -> bool:
    """Whether it says that something is installed from the project's files. What nobody can read may say so."""
    if not file.path.endswith((".toml", ".lock")):
        return False
    try:
        content = tomllib.loads(file.content.decode())
    except ValueError:
        return True
    if PurePosixPath(file.path).name == "pyproject.toml":
        return _is_of_folders(content)
    return any(_is_folder(table) for table in _tables(content))


def _is_of_folders(project: dict[str, Any]) -> bool:
    """Of a pyproject.toml: whether its sources are folders, or its dependencies are found by who builds it."""
    own, of_uv = project.get("project"), project.get("tool", {}).get("uv", {})
    if own is None or _DYNAMIC & set(own.get("dynamic", ())):
        return True
    listed = str(
        [own.get("dependencies"), own.get("optional-dependencies"), project.get("dependency-groups")]
    )
    return "file:" in listed or any(_is_folder(table) for table in _tables(of_uv))


def _is_folder(table: dict[str, Any]) -> bool:
    return any(table[key] != _ROOT for key in _OF_FOLDERS & table.keys())


def _tables(value: Any) -> Iterator[dict[str, Any]]:
    """All tables in a value of TOML."""
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _tables(item)
