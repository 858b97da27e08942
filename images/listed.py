"""The files that say what is installed: a file of dependencies, and those that it includes or is read with."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from posixpath import normpath

from automl.compiler.ir import BundledFile
from automl.compiler.records import NamedTuple
from automl.images.lock import has_parts_of_project
from automl.runtime.dependencies import BUILD_SYSTEM

_INCLUDED = re.compile(r"\s*(?:-[rc]\s*=?|--(?:requirement|constraint)[\s=])\s*(\S+)")
_OF_PROJECT = re.compile(
    r"\s*(?:-e|--editable|-f|--find-links|\.{1,2}(?:/|\s|\[|$)|file:|[^\s#:@]+(?:/|\.whl|\.zip|\.gz))|.*@\s*file:"
)
_LATER = "[tool.built-later]"
"""In the place of `[build-system]`, while there is nothing to build yet."""
_READ_BY_UV = ("pyproject.toml", "uv.lock", "uv.toml", ".python-version")

Files = Mapping[str, BundledFile]


class Listing(NamedTuple):
    """What says what is installed. `files` is None if that takes the project itself.

    `later` is the folder of a project that is installed when its files are there, if there is one.
    """

    files: tuple[BundledFile, ...] | None
    later: str | None = None


NOTHING = Listing(())


def listing_of(path: str | None, files: Files) -> Listing:
    """What says what a file of dependencies installs."""
    if path is None:
        return NOTHING
    if path.endswith(".txt"):
        return _of_requirements(normpath(path), files)
    return _of_uv(normpath(path), files)


def _of_requirements(path: str, files: Files) -> Listing:
    names = [path]
    for name in names:  # it grows on the way
        for _, line in lines_of(files[name]):
            if _OF_PROJECT.match(line):
                return Listing(None)
            names += [other for other in included_in(line, name) if other in files and other not in names]
    return Listing(tuple(files[name] for name in sorted(names)))


def _of_uv(path: str, files: Files) -> Listing:
    """What uv reads: the file, what is beside it, and what is in its folder, which is that of the project."""
    folder = PurePosixPath(path).parent
    names = {path, *_READ_BY_UV, *(normpath(folder / name) for name in _READ_BY_UV)}
    read = [files[name] for name in sorted(names & files.keys())]
    if any(has_parts_of_project(file) for file in read):
        return Listing(None)
    project = normpath(folder / "pyproject.toml")
    is_built = not PurePosixPath(path).name.startswith("pylock") and _is_built(files.get(project))
    return Listing(tuple(map(_not_built, read)), str(folder) if is_built else None)


def _is_built(project: BundledFile | None) -> bool:
    return project is not None and BUILD_SYSTEM.search(project.content.decode(errors="replace")) is not None


def _not_built(file: BundledFile) -> BundledFile:
    if not _is_built(file):
        return file
    return file._replace(
        content=BUILD_SYSTEM.sub(f"\n{_LATER}", file.content.decode(errors="replace")).encode()
    )


def lines_of(file: BundledFile) -> Iterator[tuple[int, str]]:
    """The lines of a file with their numbers, without those that are comments."""
    for number, line in enumerate(file.content.decode(errors="replace").splitlines(), 1):
        if not line.lstrip().startswith("#"):
            yield number, line


def included_in(line: str, path: str) -> list[str]:
    """The file of the project that a line of the file at this path includes."""
    match = _INCLUDED.match(line) if path.endswith(".txt") else None
    if match is None or "://" in match[1]:
        return []
    return [normpath(PurePosixPath(path).parent / match[1])]
