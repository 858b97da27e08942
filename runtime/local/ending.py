"""Stops runs, deletes their records, and looks at the queue of those that wait."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from automl.runtime.local import slurm_script
from automl.runtime.local.leftovers import end_leftovers
from automl.runtime.local.processes import is_alive
from automl.runtime.local.reading import Reading
from automl.runtime.local.removal import remove
from automl.runtime.local.shelf import VerbError
from automl.runtime.local.slurm import QueueError as SlurmError
from automl.runtime.local.slurm_reading import ClusterReading
from automl.runtime.local.turn import QueueError
from automl.runtime.local.watching import PAUSE, read

BETWEEN_ASKING = 0.5  # seconds; a program that is asked a second time ends at once


def stop(folder: Path, now: bool = False) -> None:
    """Ask the program that runs a run to end it, and wait until it has; what a program has left that was killed, too.

    It may give its steps a while to end, but not if it is to end now.
    """
    reading = read(folder)
    if isinstance(reading, ClusterReading):
        _cancel(reading)
    asked = 0.0
    while not _has_ended(reading):
        pid, started = reading.history.pid, reading.history.pid_started
        if is_alive(pid, started) and (not asked or (now and time.monotonic() > asked + BETWEEN_ASKING)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            asked = time.monotonic()
        time.sleep(PAUSE)
    end_leftovers(folder)


def _cancel(reading: ClusterReading) -> None:
    """Cancel the jobs of a run on Slurm, which gives them a while to end."""
    if not slurm_script.has_ended(reading.folder):
        raise VerbError(
            f"jobs of {reading.folder.name} are still being submitted: stop it once more in a while"
        )
    try:
        reading.cancel()
    except SlurmError as error:
        raise VerbError(str(error)) from error


def withdraw(runs: Path) -> Iterator[Path]:
    """Take those in a folder that wait for their turn out of the queue, and wait until they have ended.

    None that has begun meanwhile is stopped. VerbError if the queue cannot be used.
    """
    with _queue() as queue:
        folders = [Path(entry["folder"]) for entry in queue.withdraw(runs=runs)]
    for folder in folders:
        reading = Reading(folder)
        while not _has_ended(reading):
            time.sleep(PAUSE)
        yield folder


def queued() -> list[dict[str, Any]]:
    """The runs of this user on this machine: those that run, then those that wait, in their order."""
    with _queue() as queue:
        entries: list[dict[str, Any]] = queue.listed()
    return entries


@contextmanager
def _queue() -> Iterator[Any]:
    """The queue; within it, what is wrong with that is a VerbError."""
    try:
        from automl.runtime.local import queue  # not before: some builds of Python have no SQLite

        yield queue
    except (ImportError, QueueError) as error:
        raise VerbError(f"the queue cannot be used: {error}") from error


def _has_ended(reading: Reading) -> bool:
    reading.more()
    return reading.has_ended()


def delete(folder: Path) -> None:
    """Delete the record of a run, with all that the run has left. VerbError while it goes on."""
    reading = read(folder)
    if not _has_ended(reading):
        raise VerbError(f"{folder.name} is {reading.history.state}: `automl stop {folder.name}` first")
    place = folder.resolve()
    gone = place.with_name(f".{place.name}")
    if folder.is_symlink():  # to where a script has put it
        folder.unlink()
    place.rename(gone)
    slurm_script.lock_of(place).unlink(missing_ok=True)
    remove(gone)
