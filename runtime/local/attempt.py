"""One try of a task: a process that prepares it and becomes its command, or sees to what the command leaves."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, NoReturn

from automl.runtime.local.becoming import become_task
from automl.runtime.local.place import Place, Setting
from automl.runtime.local.plan import Task
from automl.runtime.local.removal import remove
from automl.runtime.local.wakeup import WANTED

FIRST_FREE, MOST_OPEN = 3, 1024  # file descriptors: behind those that every process has


class Begun(NamedTuple):
    """A try that waits to be let go: its process, and the end of a pipe to which a byte is to be written."""

    pid: int
    gate: int

    def let_go(self) -> None:
        """Let it do what it is there for."""
        with suppress(BrokenPipeError):  # it has been ended
            os.write(self.gate, b"!")
        os.close(self.gate)


def begin(task: Task, place: Place, setting: Setting, values: Mapping[str, str]) -> Begun:
    """Begin a try in a process of its own, which leads a session. It does nothing before it is let go.

    Should this process end before, so does that one: there is never a try that nobody has written down.
    """
    wait, gate = os.pipe()
    signal.pthread_sigmask(signal.SIG_BLOCK, WANTED)  # lest the child takes one for this process
    try:
        child = os.fork()
        if child == 0:
            os.close(gate)
            _run(task, place, setting, values, wait)
    except OSError:
        os.close(gate)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, WANTED)
        os.close(wait)
    return Begun(child, gate)


def _run(task: Task, place: Place, setting: Setting, values: Mapping[str, str], wait: int) -> NoReturn:
    """Be the try, and end with its status, whatever happens."""
    status = 1
    try:
        os.setsid()
        for number in (*WANTED, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, WANTED)
        if os.read(wait, 1):
            place.folder.mkdir(parents=True, exist_ok=True)
            _open_streams(place.log)  # where it stands, too, if there can be no room
            _make_room(place)
            become_task(task, place, setting, values)
    except SystemExit as end:
        status = _status_of(end)
    except BaseException as error:  # noqa: BLE001 whatever it is, it is the end of this process alone
        _say(f"automl: {error}")
    finally:
        os._exit(status)


def _make_room(place: Place) -> None:
    """Folders for what the task writes, without what an earlier try has left."""
    for left in (place.work, place.outputs):
        if left.exists():
            remove(left)
    place.work.mkdir()


def _open_streams(log: Path) -> None:
    """Nothing to read, the log to write to, and nothing else that is open."""
    signal.set_wakeup_fd(-1)
    null, file = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for number, target in enumerate((null, file, file)):
        os.dup2(target, number)
    os.closerange(FIRST_FREE, MOST_OPEN)


def _status_of(end: SystemExit) -> int:
    if isinstance(end.code, str):
        _say(end.code)
    return end.code if isinstance(end.code, int) else int(end.code is not None)


def _say(line: str) -> None:
    os.write(2, f"{line}\n".encode(errors="surrogateescape"))
