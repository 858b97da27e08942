"""What wakes the program that runs a plan: processes that have ended, whoever wants it to stop, and the time."""

from __future__ import annotations

import os
import select
import signal


class Wakeup:
    """Waits for signals; they are taken note of at once, and come from nowhere else than `wait`."""

    def __init__(self) -> None:
        self.stops = 0  # so often the program was asked to end
        self.pipe, writer = os.pipe()
        for end in (self.pipe, writer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
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
