"""A table of a run on a terminal, drawn anew while it goes on."""

import time
from pathlib import Path
from types import TracebackType
from typing import Self

from rich import live
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from automl.cli.tables import duration, headline, news, shortened, without_styles
from automl.compiler.views.printable import printable
from automl.runs.model import FAILED, RUNNING, SKIPPED, STOPPED, SUCCEEDED, WAITING, Run, Task, seconds_of

STYLES = {
    WAITING: "dim",
    RUNNING: "cyan",
    SUCCEEDED: "green",
    FAILED: "bold red",
    SKIPPED: "dim",
    STOPPED: "yellow",
}
SIGNS = {WAITING: "·", RUNNING: "▶", SUCCEEDED: "✓", FAILED: "✗", SKIPPED: "-", STOPPED: "■"}
_END = 500  # bytes of a log
ROOM = 5  # lines of a terminal that are not for steps


class Live:
    """Shows a run; the table goes away in the end, where the summary takes its place."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        self._live = live.Live(
            console=self.console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._run: Run | None = None

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def show(self, run: Run | None) -> None:
        """Draw it as it is now."""
        self._run = run or self._run
        if self._run is not None:
            self._live.update(drawing(self._run, time.time(), self.console.height), refresh=True)


def drawing(run: Run, now: float, height: int) -> Group:
    """A run in so many lines: if its steps are more, those that have news."""
    table = Table(box=None, pad_edge=False, show_header=False)
    rows = [_row(run, task, now) for task in in_room(run, height - ROOM)]
    for is_last in (False, False, False, True):
        table.add_column(no_wrap=not is_last)  # which alone becomes narrower where there is no room
    for row in rows:
        table.add_row(*row)
    return Group(Text(headline(run, now), "bold", no_wrap=True, overflow="ellipsis"), table)


def _row(run: Run, task: Task, now: float) -> tuple[Text, ...]:
    style = STYLES[task.state]
    return (
        Text(f"{SIGNS[task.state]} {printable(task.name)}", style),
        Text(task.state, style),
        Text(duration(seconds_of(task, now)), justify="right"),
        Text(news(task) or last_line(run, task), "dim", no_wrap=True, overflow="ellipsis"),
    )


def last_line(run: Run, task: Task) -> str:
    """What a step that runs has printed last: its own word of how far it is."""
    log = Path(run.folder, "tasks", task.name, "log")
    if task.state != RUNNING or not log.is_file():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _END))
        text = without_styles(file.read().decode(errors="replace"))
    lines = text.replace("\r", "\n").rstrip().splitlines()
    return shortened(lines[-1]) if lines else ""


def in_room(run: Run, room: int) -> list[Task]:
    """As many steps as there is room for: what has failed and what runs before all else, steps before their trials."""
    urgent = {FAILED: 0, RUNNING: 1, STOPPED: 2, WAITING: 3, SKIPPED: 4, SUCCEEDED: 5}
    shown = [task for task in run.tasks if not task.trial_of or task.state in (FAILED, RUNNING)]
    chosen = sorted(shown, key=lambda task: (urgent[task.state], task.trial_of != ""))[: max(room, 1)]
    names = {task.name for task in chosen}
    return [task for task in run.tasks if task.name in names]
