"""Looks at a run, now or until it has ended, wherever it runs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from automl.runtime.local.history import ENDED
from automl.runtime.local.reading import Reading
from automl.runtime.local.slurm_reading import ClusterReading

PAUSE = 0.1  # seconds between two looks for more
SLURM = "slurm"


def read(folder: Path) -> Reading:
    """A run, wherever it runs."""
    about: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        about = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return ClusterReading(folder) if about.get("target") == SLURM else Reading(folder)


def status(folder: Path) -> dict[str, Any]:
    """All that is known of a run now."""
    reading = read(folder)
    if reading.is_dead() and not reading.more() and reading.is_dead():
        reading.end()
    return reading.status()


def watch(
    folder: Path, since: int = 0, is_running: Callable[[], bool] | None = None
) -> Iterator[dict[str, Any] | None]:
    """All that is known, again when there is more, and None between, until the run has ended.

    What stands in its log before `since` is of an earlier time, and no end of it.
    """
    reading = read(folder)
    is_over = reading.size > since and reading.history.state in ENDED
    yield reading.status()
    while not is_over:
        goes_on = is_running() if is_running else not reading.is_dead()
        events = reading.more()
        is_over = any(event["event"] == "run.ended" for event in events)
        if not goes_on and not events:
            reading.end()
            is_over = True
        yield reading.status() if events or is_over else None
        if not is_over:
            time.sleep(PAUSE)
