"""What wakes the program that runs a plan: processes that have ended, whoever wants it to stop, and the time."""

from __future__ import annotations

import os
import select
import signal

WANTED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What asks the program to end."""


class Wakeup:
    """Takes note of signals, and waits for them; a signal before `wait` ends it at once."""

    def __init__(self) -> None:
        self.stops = 0  # so often the program was asked to end
        self.pipe, writer = os.pipe()
        for end in (self.pipe, writer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in WANTED:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` has it
                signal.signal(number, self._ask_to_end)

    def wait(self, seconds: float | None) -> None:
        """Wait for a signal, but not longer than that."""
        select.select([self.pipe], [], [], seconds)
        while True:
            try:
                if len(os.read(self.pipe, 4096)) < 4096:
                    return
            except BlockingIOError:
                return

    def _ask_to_end(self, *_: object) -> None:
        self.stops += 1
