"""Where a task of a run has its files, and what all tasks of a run have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from automl.runtime.outputs import unframed

FILES = ("file", "model", "dataset")


class Place:
    """Where a task of a run has its files."""

    def __init__(self, run: Path, task: str) -> None:
        self.run, self.folder = run, run / "tasks" / task
        self.log, self.outputs = self.folder / "log", self.folder / "outputs"
        self.work, self.message = self.folder / "work", self.folder / "values"

    def values(self) -> dict[str, str]:
        """The values that the task has left."""
        return unframed(self.message.read_bytes()) if self.message.exists() else {}


class Setting(NamedTuple):
    """What all tries of a run have in common: the name of the run, and variables for all of its tasks.

    `gpus` are shared out among them by what each asks for; None if none does: then the variables say which are theirs.
    """

    run: str
    variables: Mapping[str, str]
    gpus: Sequence[str] | None = None
