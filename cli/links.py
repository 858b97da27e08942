"""Where a path really leads: a checkout may hold links that somebody else has put there."""

import os
from pathlib import Path

from automl.compiler.patterns import regex
from automl.compiler.views.printable import printable

_STREAM = regex(r"/dev/(?:std(?:in|out|err)|fd/\d+)|/proc/(?:self|\d+)/fd/\d+")
_OWN_STREAM = regex(r"/(?:dev|proc/self)/fd/(\d{1,9})")
_STANDARD_STREAMS = ("/dev/stdin", "/dev/stdout", "/dev/stderr")
_GIT = ".git"  # where CI keeps the token of the checkout


def real(path: Path) -> Path:
    """The path with its links followed; what is not there stays as it is. Raises OSError for a loop."""
    try:
        target = Path(os.path.realpath(path))
        if target.is_symlink():
            target.stat()
    except OSError as error:  # of the current folder, if that is gone
        raise OSError(error.errno, error.strerror, str(path)) from None
    return target


def place_of(path: Path) -> Path:
    """The path without links and `..`, which would lead elsewhere once a folder is made. Raises OSError."""
    if is_stream(path):
        return path
    target = real(path)
    if path.is_absolute():
        return target
    current = Path.cwd()
    return target.relative_to(current) if target.is_relative_to(current) else target


def is_link(path: Path) -> bool:
    """Whether the path is a link, also where a folder on the way is not there yet: `gone/../link`."""
    return path.is_symlink() or Path(os.path.normpath(path)).is_symlink()


def is_stream(path: Path) -> bool:
    """Whether the path is a stream that is open already: /dev/stdout, or what a shell makes of `<(…)`."""
    text = str(path)
    return text.startswith(("/dev/", "/proc/")) and _STREAM.fullmatch(text) is not None


def stream_number(path: Path) -> int | None:
    """The number of a stream that this process has open."""
    if str(path) in _STANDARD_STREAMS:
        return _STANDARD_STREAMS.index(str(path))
    match = _OWN_STREAM.fullmatch(str(path))
    return int(match[1]) if match else None


def leads_out(path: Path, folder: Path) -> str | None:
    """What to say of a path that links lead out of `folder`, or into its .git. Raises OSError."""
    target, home = real(path), real(folder)
    if target.is_relative_to(home):
        below = [part.lower() for part in target.relative_to(home).parts]
        if _GIT not in below or _GIT in path.parts:
            return None
    return (
        f'"{printable(str(path))}" leads out of its folder, to "{printable(str(target))}"; '
        "give that path itself if you mean it"
    )


def config_leads_out(path: Path) -> str | None:
    """What to say of a config that must not be read, because a link leads to it. Raises OSError.

    A link to the config itself stays in its folder. A folder that is a link may lead anywhere, since its name was
    given, unless it lies in a repository: then the name may come from a pattern or a hook, and the link from
    whoever made the commit, and it stays in the repository.
    """
    if is_stream(path):
        return None
    if path.is_symlink() and (problem := leads_out(path, path.parent)):
        return problem
    links = [folder for folder in path.parents if folder.is_symlink()]
    repositories = (repository for link in links if (repository := _repository(real(link.parent))))
    return next((problem for repository in repositories if (problem := leads_out(path, repository))), None)


def _repository(folder: Path) -> Path | None:
    return next((place for place in (folder, *folder.parents) if (place / _GIT).exists()), None)


def output_leads_out(path: Path) -> str | None:
    """What to say of a place for the output that links lead away from where it seems to be. Raises OSError.

    In the current folder, and above it by as many `..` as the path has, no link on the way leads out. Elsewhere, and
    above, the last part of the path leads out of its folder in no case; the rest was named.
    """
    here = next((place for place in (path, *path.parents) if _is_current(place)), None)
    climbs = _climbs(path.relative_to(here)) if here else []
    problem = leads_out(path, here.joinpath(*climbs)) if here else None
    if problem is None and is_link(path) and (climbs or not here):
        return leads_out(path, path.parent)
    return problem


def _climbs(path: Path) -> list[str]:
    """A `..` for each folder that the path goes up at most, read as it is written."""
    depth = highest = 0
    for part in path.parts:
        depth += -1 if part == ".." else 1
        highest = max(highest, -depth)
    return [".."] * highest


def _is_current(folder: Path) -> bool:
    try:
        return folder.samefile(".")
    except OSError:
        return False
