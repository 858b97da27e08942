"""The file of the queue: a table of the runs that wait or run, which every program of a user on a machine can change.

Nothing of it is of worth once the programs have ended that it names: a file that cannot be read is put aside and made
anew. It keeps a journal instead of a log beside it (no WAL), for home folders that come over a network.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from automl.runtime.local.turn import QueueError

VERSION = 1
PATIENCE = 5.0  # seconds, in which another program has to be done with it
_TABLE = """
create table if not exists runs (
    number integer primary key autoincrement,
    state text not null,
    passed integer not null default 0,
    has text,
    ticket text not null
)
"""
# what SQLite says when it is not the file itself
_AROUND = ("locked", "unable to open", "readonly", "disk is full", "disk I/O error", "interrupted")

T = TypeVar("T")
Action = Callable[[sqlite3.Connection], T]


def default_path() -> Path:
    """The file of this user on this machine, whose name it has: the home folder may be that of others, too."""
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    try:
        folder = state if state.is_absolute() else Path.home() / ".local" / "state"
    except RuntimeError as error:
        raise QueueError(f"{error}; set $XDG_STATE_HOME") from None
    return folder / "automl" / f"queue-{os.uname().nodename.replace('/', '-')}.sqlite"


class QueueFile:
    """The file, made when it is needed. It is opened for each look, since programs that fork must not keep it open."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, action: Action[T]) -> T:
        """Do what only reads."""
        return self._do(action, "begin")

    def change(self, action: Action[T]) -> T:
        """Do what changes it, whole or not at all, while no other program does so."""
        return self._do(action, "begin immediate")

    def _do(self, action: Action[T], begin: str) -> T:
        """Do it, a second time if the file was broken. QueueError if that does not help."""
        for is_last in (False, True):
            inode = self._inode()
            try:
                with self._opened(begin) as connection:
                    return action(connection)
            except (OSError, sqlite3.Error, ValueError, KeyError, TypeError) as error:
                if is_last or not _is_broken(error):
                    raise QueueError(f"{self.path}: {error}; --no-queue does without it") from error
                self._put_aside(inode)
        raise AssertionError

    @contextmanager
    def _opened(self, begin: str) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        connection = sqlite3.connect(str(self.path), PATIENCE, isolation_level=None)
        try:
            if _version(connection) != VERSION:
                _make(connection, self.path)
            connection.execute(begin)
            yield connection
            connection.execute("commit")
        finally:
            connection.close()  # gives up what is not committed

    def _inode(self) -> int:
        try:
            return self.path.stat().st_ino
        except OSError:
            return 0

    def _put_aside(self, inode: int) -> None:
        """Give the broken file another name, unless another program has done so meanwhile."""
        lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._inode() == inode:
                aside = self.path.with_suffix(".broken")
                self.path.replace(aside)
                Path(f"{self.path}-journal").unlink(missing_ok=True)
                print(
                    f"automl: the queue was broken: {aside}; a new one knows no earlier runs", file=sys.stderr
                )
        except OSError as error:
            raise QueueError(f"{self.path} is broken, and cannot be put aside: {error}") from error
        finally:
            os.close(lock)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])


def _make(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("begin immediate")
    if _version(connection) > VERSION:
        newer = "a newer release of automl has made it: upgrade this one, or do without by --no-queue"
        raise QueueError(f"{path}: {newer}")
    connection.execute(_TABLE)
    connection.execute(f"pragma user_version = {VERSION}")
    connection.execute("commit")


def _is_broken(error: Exception) -> bool:
    """Whether it is the file itself, and not what is around it."""
    if isinstance(error, OSError):
        return False
    return not (isinstance(error, sqlite3.OperationalError) and any(word in str(error) for word in _AROUND))
