"""The configs that a command line names: which files they are, and their bytes."""

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from automl.cli.links import config_leads_out
from automl.compiler.driver import STREAM, Input
from automl.compiler.params.given import Given, ParamsFile
from automl.compiler.project.files import Seen
from automl.compiler.tree.decoding import MAX_BYTES

STDIN = "-"
CONFIG_NAMES = ("automl.yaml", "automl.yml", "config.yaml", "config.yml")  # the first that a folder has


class UnreadableError(Exception):
    """A config cannot be read. The text says which, and why."""


def read_all(paths: Sequence[str]) -> tuple[list[Input], list[str]]:
    """The configs that the paths stand for, each once, and a line for each that cannot be read.

    A folder stands for the config in it; no path at all is the current folder.
    """
    given: list[Input] = []
    unreadable: list[str] = []
    seen, streams = Seen(), _streams()
    for path in dict.fromkeys(map(_config_of, paths or (".",))):
        try:
            given.append(read(path)._replace(seen=seen, streams=streams))
        except UnreadableError as error:
            unreadable.append(str(error))
    if list(paths).count(STDIN) > 1:
        unreadable.append("standard input can be read once only")
    return given, unreadable


def _config_of(path: str) -> str:
    """The config of a folder; else the path itself."""
    places = (Path(path, name) for name in CONFIG_NAMES)
    return next((str(place) for place in places if os.path.lexists(place)), path)


def read(path: str) -> Input:
    """One config; no more of it than the reader would take. Raises UnreadableError."""
    with _reading(path):
        if path == STDIN:
            if sys.stdin is None:
                raise UnreadableError("cannot read standard input: it is closed")
            return Input(STREAM, sys.stdin.buffer.read(MAX_BYTES + 1), _current_folder())
        name, place = os.fsencode(path).decode(), Path(path)
        if not place.is_absolute():
            _current_folder()
        if problem := config_leads_out(place):
            raise UnreadableError(problem)
        if place.is_dir():
            where = "here" if path == "." else f'in "{path}"'
            raise UnreadableError(
                f"there is no automl.yaml and no config.yaml {where}; give the path of a config"
            )
        return Input(name, _bytes_of(place), place.parent)


def read_params(assignments: Sequence[str], path: str | None) -> Given:
    """What is given for the parameters. Raises UnreadableError for a file that cannot be read."""
    texts = tuple(map(_assignment, assignments))
    if path is None:
        return Given(texts)
    with _reading(path):
        place = Path(path)
        if problem := config_leads_out(place):
            raise UnreadableError(problem)
        return Given(texts, ParamsFile(os.fsencode(path).decode(), _bytes_of(place)))


def _assignment(argument: str) -> str:
    """An argument of `--set` as the text that it is, whatever the locale makes of its bytes."""
    name, sign, _ = argument.partition("=")
    if not name or not sign:
        raise UnreadableError(f'--set takes NAME=VALUE, not "{argument}"')
    try:
        return os.fsencode(argument).decode()
    except UnicodeDecodeError:
        raise UnreadableError(f'the value that --set gives to "{name}" is not UTF-8') from None


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """Within it, a file that cannot be read is an UnreadableError."""
    try:
        yield
    except UnicodeDecodeError:
        raise UnreadableError(f'cannot read "{path}": its name is not UTF-8') from None
    except (OSError, ValueError) as error:  # a name with U+0000 is a ValueError
        why = error.strerror if isinstance(error, OSError) else error
        raise UnreadableError(f'cannot read "{path}": {why}') from None


def _bytes_of(place: Path) -> bytes:
    with place.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except OSError:
        raise UnreadableError("cannot read the current folder: it is gone") from None


def _streams() -> frozenset[tuple[int, int]]:
    """The files that stdout and stderr are: `> manifest.yaml` in a project makes one that is no part of it."""
    streams = set()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, AttributeError):  # it is closed, or no stream of the system
            status = os.fstat(stream.fileno())
            if stat.S_ISREG(status.st_mode):
                streams.add((status.st_dev, status.st_ino))
    return frozenset(streams)
