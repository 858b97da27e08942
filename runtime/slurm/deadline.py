"""Until when a run may go on. Its jobs see to that themselves, as none looks after the others."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

ENDS_BY = "ends_by"
"""The file in the folder of a run that says when its time is over, in seconds since 1970."""


def set_from_now(folder: Path, seconds: int | None) -> None:
    """The run in a folder begins, or begins anew, and may take so many seconds."""
    if seconds is not None:
        (folder / ENDS_BY).write_text(str(time.time() + seconds), encoding="utf-8")


def time_left(folder: Path) -> float | None:
    """How many seconds the run in a folder may go on, by the clock of this node; None if nobody has said so."""
    with suppress(FileNotFoundError):
        return float((folder / ENDS_BY).read_text(encoding="utf-8")) - time.time()
    return None
