"""What Slurm says of the jobs of a run. Which these are stands in its file `jobs`: a line each, `TASK<TAB>NUMBER<TAB>KIND`."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

JOBS, OF_TASK = "jobs", "task"
OUT_OF_TIME = "limits.timeout"  # what stands where else the task does for which a run has failed
PATIENCE = 120  # seconds; a controller that is busy answers late
UNTIL_WRITTEN = 10  # seconds
BETWEEN_LOOKS = 0.2  # seconds


class QueueError(Exception):
    """Slurm does not answer as it should. The text says how."""


class Submitted(NamedTuple):
    """A job that was submitted: of a task, of some of the runs of its trials, or one that only waits."""

    task: str
    number: str
    kind: str


def submitted(folder: Path) -> Iterator[Submitted]:
    """The jobs of the run in a folder, in the order in which they were submitted."""
    with suppress(FileNotFoundError):
        for line in (folder / JOBS).read_text(encoding="utf-8").splitlines():
            words = line.split("\t")
            if len(words) == len(Submitted._fields):  # else it is being written
                yield Submitted(*words)


def is_submitted(folder: Path) -> bool:
    """Whether this job is one of the run: it is written down as soon as it is submitted, unless who did so was killed."""
    number = os.environ.get("SLURM_ARRAY_JOB_ID") or os.environ.get("SLURM_JOB_ID")
    end = time.monotonic() + UNTIL_WRITTEN
    while number is not None and number not in (job.number for job in submitted(folder)):
        if time.monotonic() > end:
            return False
        time.sleep(BETWEEN_LOOKS)
    return True


def living(folder: Path) -> dict[str, str]:
    """The jobs of tasks that wait or run: of each the last one. QueueError if that cannot be known."""
    states = listed()
    last = {job.task: job.number for job in submitted(folder) if job.kind == OF_TASK}
    return {task: number for task, number in last.items() if states.get(number, "COMPLETING") != "COMPLETING"}


def listed() -> dict[str, str]:
    """The states of the jobs of this user that have not ended; those of an array have the number of that."""
    if not (output := told("squeue", "--noheader", "--user", str(os.getuid()), "--format=%F %T")):
        return {}
    pairs = (line.split() for line in output.splitlines())
    states: dict[str, str] = {}
    for number, state in pairs:
        if states.get(number, "COMPLETING") == "COMPLETING":
            states[number] = state
    return states


def cancel(numbers: Sequence[str]) -> None:
    """Cancel these jobs, as far as they have not ended."""
    for first in range(0, len(numbers), 500):
        told("scancel", *numbers[first : first + 500])


def told(*words: str) -> str:
    """What one of the programs prints. QueueError if it cannot say it."""
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, errors="replace", timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise QueueError(f"`{words[0]}` cannot be asked: {error}") from error
    if done.returncode:
        raise QueueError(f"`{words[0]}` says: {done.stderr.strip()}")
    return done.stdout
