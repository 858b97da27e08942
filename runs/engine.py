"""What can be asked of an engine that runs workflows, and done there. Where it keeps what it knows is its own affair."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from automl.runs.model import Queued, Run

Program_contra = TypeVar("Program_contra", contravariant=True)


class EngineError(Exception):
    """It cannot be done. The text says why, in a sentence; a second one may say what else there is to know."""


class LostError(EngineError):
    """There is no answer, or no end of it, since the connection failed. What runs goes on."""


class Engine(Protocol[Program_contra]):
    """An engine, for programs of its kind. A run is called by its name, an unmistakable part of it, or `last`."""

    def submit(self, program: Program_contra, options: Sequence[str]) -> str:
        """Start a run that goes on by itself; return its name."""

    def resume(self, run: str, options: Sequence[str]) -> str:
        """Go on with a run that has ended, by itself; return its name."""

    def runs(self) -> list[Run]:
        """All runs that it knows, in the order in which they were made."""

    def status(self, run: str) -> Run:
        """All that is known of a run."""

    def watch(self, run: str) -> Iterator[Run | None]:
        """A run whenever it has changed, and None now and then, until it has ended."""

    def logs(self, run: str, task: str | None, follow: bool) -> Iterator[bytes]:
        """What a task has printed, or all of them have, each line behind the name of its task."""

    def stop(self, run: str, now: bool) -> Run:
        """End a run, with time for its tasks to end by themselves unless it is to end now."""

    def queued(self) -> list[Queued]:
        """The runs of the user that run and wait where those of this engine do: in the order of their turns."""

    def stop_waiting(self) -> list[Run]:
        """End the runs that wait for their turn."""

    def get(self, run: str, output: str | None, folder: Path, force: bool) -> list[Path]:
        """Take what a run has left to a folder, over nothing that is there unless it is forced."""

    def delete(self, run: str) -> None:
        """Delete all that there is of a run that has ended."""
