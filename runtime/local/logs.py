"""What the tasks of a run have printed, and what they print while it goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from automl.runtime.local.choice import runs_of
from automl.runtime.local.history import ENDED
from automl.runtime.local.reading import Reading
from automl.runtime.local.shelf import VerbError
from automl.runtime.local.watching import PAUSE, read

_PIECE = 1 << 20


class Log:
    """The log of a task, as far as it has been read."""

    def __init__(self, path: Path, prefix: bytes) -> None:
        self.path, self.prefix = path, prefix
        self.size = 0
        self.rest = b""  # of a line that is not whole yet

    def more(self) -> Iterator[bytes]:
        """What has come since the last time; with a prefix, whole lines."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.size)
                while piece := file.read(_PIECE):
                    self.size += len(piece)
                    yield from self._lines(piece) if self.prefix else (piece,)
        except FileNotFoundError:
            return

    def end(self) -> Iterator[bytes]:
        """What is left."""
        if self.rest:
            yield self.prefix + self.rest + b"\n"
        self.rest = b""

    def _lines(self, piece: bytes) -> Iterator[bytes]:
        *lines, self.rest = (self.rest + piece).split(b"\n")
        yield b"".join(self.prefix + line + b"\n" for line in lines)


def logs(folder: Path, task: str | None, follow: bool) -> Iterator[bytes]:
    """The log of a task as it is; or of all tasks, or all trials of one, each line behind the name of its task.

    VerbError if there is none.
    """
    reading = read(folder)
    tasks = {known.name: known for known in reading.plan.tasks}
    if task is not None and task not in tasks:
        steps = [name for name, known in tasks.items() if not known.of]
        raise VerbError(f'{folder.name} has no step "{task}"; it has {", ".join(steps)}')
    names = [*tasks] if task is None else runs_of(tasks[task]) or [task]
    width = max(map(len, names), default=0)
    chosen = [
        Log(folder / "tasks" / name / "log", b"" if name == task else f"{name.ljust(width)} | ".encode())
        for name in names
    ]
    while True:
        is_over = not follow or _is_over(reading, task)
        for log in chosen:
            yield from log.more()
            if is_over:
                yield from log.end()
        if is_over:
            return
        time.sleep(PAUSE)


def _is_over(reading: Reading, task: str | None) -> bool:
    """Whether nothing more will come."""
    reading.more()
    if reading.history.state in ENDED or reading.is_dead():
        return True
    return task is not None and reading.history.tasks[task].state in ENDED
