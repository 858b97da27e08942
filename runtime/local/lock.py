"""Sees that one program at a time runs a run, and that none begins before the last one's processes are gone."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from automl.runtime.local.history import history_of
from automl.runtime.local.processes import is_alive
from automl.runtime.local.record import events_of

PATIENCE = 10  # seconds


def take(folder: Path) -> int:
    """Take the lock of a run. BlockingIOError says that a program runs it.

    When that program is killed, its guard has the lock until it has ended what was left.
    """
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    end = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if is_run(folder) or time.monotonic() > end:
                os.close(lock)
                raise
            time.sleep(0.02)
        else:
            return lock


def is_run(folder: Path) -> bool:
    """Whether the program lives that has last begun to run it."""
    known = history_of(events_of(folder))
    return is_alive(known.pid, known.pid_started)
