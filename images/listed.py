"""The files that say what is installed: a file of dependencies, and those that it includes."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from posixpath import normpath

from automl.compiler.ir import BundledFile

_INCLUDED = re.compile(r"\s*(?:-[rc]\s*=?|--(?:requirement|constraint)[\s=])\s*(\S+)")
_OF_PROJECT = re.compile(
    r"\s*(?:-e|--editable|-f|--find-links|\.{1,2}(?:/|\s|\[|$)|file:|[^\s#:@]+(?:/|\.whl|\.zip|\.gz))|.*@\s*file:"
)


def listing_files(path: str, files: Mapping[str, BundledFile]) -> list[BundledFile] | None:
    """The file and those that it includes; None if what it lists is a part of the project itself."""
    if not path.endswith(".txt"):
        return None
    names = [normpath(path)]
    for name in names:  # it grows on the way
        for _, line in lines_of(files[name]):
            if _OF_PROJECT.match(line):
                return None
            names += [other for other in included_in(line, name) if other in files and other not in names]
    return [files[name] for name in sorted(names)]


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
