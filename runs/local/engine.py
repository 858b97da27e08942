"""The runs of a machine, this one or another that can be asked the same."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from automl.runs.engine import EngineError
from automl.runs.model import Queued, Run
from automl.runs.taking import take
from automl.runtime.local.create import Program, create
from automl.runtime.local.shelf import VerbError
from automl.runtime.local.starting import start
from automl.runtime.local.verbs import answer


class Machine(Protocol):
    """Where runs are."""

    def ask(self, *question: str) -> Iterator[bytes]:
        """The answer to a question of `verbs`, in pieces as they come. EngineError if there is none."""

    def submit(self, program: Program, options: Sequence[str]) -> str:
        """Start a run there, with options of its runner; return its name."""


class Here:
    """This machine, with the runs in one folder."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs

    def ask(self, *question: str) -> Iterator[bytes]:
        """The answer, from the files."""
        try:
            yield from answer([str(self.runs), *question])
        except VerbError as error:
            raise EngineError(str(error)) from error

    def submit(self, program: Program, options: Sequence[str]) -> str:
        """Start what is no child of anybody once this process has ended."""
        folder = create(program, self.runs)
        start(folder, options)
        return folder.name


class LocalEngine:
    """The runs of a machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def submit(self, program: Program, options: Sequence[str]) -> str:
        """Start a run that goes on by itself; return its name."""
        return self.machine.submit(program, options)

    def resume(self, run: str, options: Sequence[str]) -> str:
        """Go on with a run that has ended, by itself; return its name."""
        return self._told_once("resume", run, *options).id

    def runs(self) -> list[Run]:
        """All runs, in the order in which they were made."""
        return [run for run in self._told("runs") if run is not None]

    def status(self, run: str) -> Run:
        """All that is known of a run."""
        return self._told_once("status", run)

    def watch(self, run: str) -> Iterator[Run | None]:
        """A run whenever it has changed, and None now and then, until it has ended."""
        return self._told("watch", run)

    def logs(self, run: str, task: str | None, follow: bool) -> Iterator[bytes]:
        """What a task has printed, or all of them have, each line behind the name of its task."""
        return self.machine.ask("logs", run, *([task] if task else []), *(["-f"] if follow else []))

    def stop(self, run: str, now: bool) -> Run:
        """End a run, with time for its tasks to end by themselves unless it is to end now."""
        return self._told_once("stop", run, *(["--now"] if now else []))

    def queued(self) -> list[Queued]:
        """The runs of the user that run and wait on the machine: in the order of their turns."""
        return [Queued.of(json.loads(line)) for line in _lines(self.machine.ask("queue"))]

    def stop_waiting(self) -> list[Run]:
        """End the runs that wait for their turn."""
        return [run for run in self._told("withdraw") if run is not None]

    def get(self, run: str, output: str | None, folder: Path, force: bool) -> list[Path]:
        """Take what a run has left to a folder, over nothing that is there unless it is forced."""
        return take(self.machine.ask("get", run, *([output] if output else [])), folder, force)

    def delete(self, run: str) -> None:
        """Delete all that there is of a run that has ended."""
        for _ in self.machine.ask("delete", run):
            pass

    def _told(self, *question: str) -> Iterator[Run | None]:
        for line in _lines(self.machine.ask(*question)):
            yield Run.of(json.loads(line)) if line else None

    def _told_once(self, *question: str) -> Run:
        [run] = [run for run in self._told(*question) if run is not None]
        return run


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
