"""The git repository around a project: which of its files git ignores."""

import errno
import os
import stat
from pathlib import Path

from automl.compiler.project.gitignore import Pattern, Patterns, TooManyGlobsError, read_patterns
from automl.compiler.records import NamedTuple

MAX_BYTES = 16 * 1024 * 1024
"""Of one file of patterns."""

_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # for somebody who writes into a pipe


class Level(NamedTuple):
    """Patterns, and the length of the path of the folder that they count in, with its slash."""

    length: int
    patterns: Patterns


class Repository(NamedTuple):
    """`inside`: the path of the project in it, with a slash at its end. The innermost of the levels comes last."""

    inside: bytes
    levels: tuple[Level, ...]

    def ignoring(self, path: bytes, is_folder: bool, levels: tuple[Level, ...]) -> Pattern | None:
        """The pattern that makes git ignore a path of the project, whose own levels are given too."""
        whole = self.inside + path
        for level in reversed(levels):
            if decision := level.patterns.decide(whole[level.length :], is_folder):
                return None if decision.negated else decision
        return None

    def below(self, levels: tuple[Level, ...], folder: bytes, file: bytes, name: str) -> tuple[Level, ...]:
        """The levels in a folder of the project with a .gitignore."""
        patterns = _patterns(file, name)
        return (*levels, Level(len(self.inside + folder), patterns)) if patterns else levels


def repository_around(project: Path) -> Repository:
    """What git's files outside a project say. Nothing, if it ignores the project as a whole. Raises OSError."""
    real = project.resolve()
    top = next((folder for folder in (real, *real.parents) if (folder / ".git").exists()), None)
    if top is None:
        return Repository(b"", ())
    names = os.fsencode(real.relative_to(top)).split(b"/") if top != real else []
    levels = _level(_git_folder(top) / "info" / "exclude", real, 0, follow=True)
    place, folder = b"", top
    for name in names:
        levels += _level(folder / ".gitignore", real, len(place))
        place += name + b"/"
        folder = folder / os.fsdecode(name)
        if Repository(b"", ()).ignoring(place[:-1], True, levels):
            return Repository(b"", ())
    return Repository(place, levels)


def _git_folder(top: Path) -> Path:
    """Where git keeps what belongs to all worktrees: a worktree and a submodule have a file that leads there."""
    git = top / ".git"
    if git.is_dir():
        return git
    first, _, target = _first_line(git).partition(b" ")
    if first != b"gitdir:" or not target:
        return git
    folder = top / os.fsdecode(target)
    return folder / os.fsdecode(_first_line(folder / "commondir"))


def _first_line(file: Path) -> bytes:
    """The path in it; nothing if there is no such file, or no path."""
    line = (read_file(os.fsencode(file)) or b"").partition(b"\n")[0].strip()
    return b"" if b"\0" in line else line


def _level(file: Path, project: Path, length: int, follow: bool = False) -> tuple[Level, ...]:
    patterns = _patterns(os.fsencode(file), os.path.relpath(file, project), follow)
    return (Level(length, patterns),) if patterns else ()


def _patterns(file: bytes, name: str, follow: bool = False) -> Patterns | None:
    data = read_file(file, follow)
    if data is None:
        return None
    try:
        return Patterns(read_patterns(name, data))
    except TooManyGlobsError as error:
        raise located(OSError(errno.EFBIG, str(error)), file) from None


def read_file(path: bytes, follow: bool = False, most: int = MAX_BYTES) -> bytes | None:
    """What a regular file holds. None for anything else, and for a link unless links are to be followed.

    Raises OSError, also for a file of more bytes than `most`.
    """
    try:
        handle = os.open(path, os.O_RDONLY | _NO_WAIT | (0 if follow else _NO_LINKS))
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO):
            return None
        raise located(error, path) from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return None
        data = os.read(handle, min(status.st_size, most) + 1)
    finally:
        os.close(handle)
    if len(data) > most:
        raise located(OSError(errno.EFBIG, os.strerror(errno.EFBIG)), path)
    return data


def located(error: OSError, path: bytes) -> OSError:
    """The same error with the path as people write it."""
    return OSError(error.errno, error.strerror, str(Path(os.fsdecode(path))))
