"""The command of a task: in the place of this process, or below it, where something is to be done when it has ended.

It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn

FORWARDED = tuple(getattr(signal, f"SIG{name}") for name in ("TERM", "INT", "HUP", "USR1", "USR2", "QUIT"))


def become(command: list[str]) -> NoReturn:
    """Replace this process by the command."""
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"automl: cannot run {command[0]!r}: {error.strerror}")


def run(command: list[str]) -> int:
    """The status of the command, 128 and the signal if one ended it. What this process is sent goes on to it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)  # until there is one to whom they can go
    child = os.fork()
    if child == 0:
        for number in FORWARDED:
            if callable(signal.getsignal(number)):
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
        become(command)
    for number in FORWARDED:
        signal.signal(number, lambda number, _: forward(child, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
    return status_of(child)


def forward(child: int, number: int) -> None:
    """Send the child a signal, unless it has ended."""
    with suppress(ProcessLookupError):
        os.kill(child, number)


def status_of(child: int) -> int:
    """Wait for the child, and meanwhile for what others have left behind: process 1 is the parent of them all."""
    while True:
        process, status = os.wait()
        if process == child:
            return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
