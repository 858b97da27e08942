"""The file in the folder of a run that says that it has failed: from then on none of its jobs begins anything more."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

HAS_FAILED = "failed"


def culprit_of(folder: Path) -> str:
    """The task for which the run has failed, if it has."""
    with suppress(FileNotFoundError):
        return (folder / HAS_FAILED).read_text(encoding="utf-8")
    return ""


def mark(folder: Path, task: str) -> None:
    """The run has failed for a task; the first one stays."""
    with suppress(FileExistsError), (folder / HAS_FAILED).open("x", encoding="utf-8") as file:
        file.write(task)
