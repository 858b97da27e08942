"""A run as it goes on, for people: lines, or a table on a terminal."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from automl.cli.tables import best_of, duration, taken_over
from automl.cli.terminal import say
from automl.runs.model import RUNNING, SUCCEEDED, WAITING, Run, Task, seconds_of


class View(Protocol):
    """Something that shows a run."""

    def show(self, run: Run | None) -> None:
        """Show how the run is now; None: as before, and a little later."""


class Lines:
    """A line for each change."""

    def __init__(self) -> None:
        self._before: dict[str, Task] = {}
        self._reason = ""

    def show(self, run: Run | None) -> None:
        """Say what is not as it was."""
        if run is None:
            return
        if run.state == WAITING and run.reason not in ("", self._reason):
            say(f"waiting: {run.reason}")
        self._reason = run.reason
        for task in run.tasks:
            line = _change(self._before.get(task.name), task)
            if line:
                say(f"{task.name}: {line}")
            self._before[task.name] = task


def _change(before: Task | None, now: Task) -> str:
    state = before.state if before else WAITING
    tries = before.tries if before else 0
    url = before.url if before else ""
    if now.state == state and now.tries == tries:
        return f"ready: {now.url}" if now.url and now.url != url else ""
    reason = f": {now.reason}" if now.reason else ""
    if now.state in (RUNNING, WAITING):
        again = f", try {now.tries}" if now.tries > 1 else ""
        return f"{now.state}{again}{reason}"
    took = duration(seconds_of(now, time.time()))
    news = [now.reason] if now.state != SUCCEEDED or now.taken_from else [best_of(now), taken_over(now)]
    said = "; ".join(filter(None, news))
    return f"{now.state}{f' after {took}' if took else ''}{f': {said}' if said else ''}"


@contextmanager
def view(quiet: bool) -> Iterator[View]:
    """What suits the place to which messages go."""
    if quiet:
        yield Nothing()
    elif sys.stderr.isatty():
        from automl.cli.live import Live

        with Live() as live:
            yield live
    else:
        yield Lines()


class Nothing:
    """For who does not want to see it."""

    def show(self, run: Run | None) -> None:
        """Show nothing."""
