"""The files that say what is installed: a file of dependencies, and those that it includes."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from posixpath import normpath

from automl.compiler.ir import BundledFile

_INCLUDED = re.compile(r"^\s*(?:-[rc]\s*=?|--(?:requirement|constraint)[\s=])\s*(\S+)", re.MULTILINE)
_OF_PROJECT = re.compile(
    r"^\s*(?:-e|--editable|-f|--find-links|\.{1,2}(?:/|\s|\[|$)|file:|[^\s#:@]+(?:/|\.whl|\.zip|\.gz))|@\s*file:",
    re.MULTILINE,
)


def listing_files(path: str, files: Mapping[str, BundledFile]) -> list[BundledFile] | None:
    """The file and those that it includes; None if what it lists is a part of the project itself."""
    if not path.endswith(".txt"):
        return None
    names = [normpath(path)]
    for name in names:  # it grows on the way
        text = files[name].content.decode(errors="replace")
        if _OF_PROJECT.search(text):
            return None
        included = (normpath(PurePosixPath(name).parent / other) for other in _INCLUDED.findall(text))
        names += [other for other in included if other in files and other not in names]
    return [files[name] for name in sorted(names)]
