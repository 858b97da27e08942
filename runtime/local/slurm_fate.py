"""Why jobs of Slurm have ended that could not say so themselves, as long as Slurm knows; then the file `fates.json` does."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from automl.runtime.local import slurm
from automl.runtime.local.plan import Task

FATES = "fates.json"
CANCELLED, FAILED = "CANCELLED", "FAILED"
WORDS = {
    "OUT_OF_MEMORY": "it took more memory than it may",
    "TIMEOUT": "its job took longer than it may",
    "DEADLINE": "its job took longer than it may",
    "NODE_FAIL": "its node has failed",
    "BOOT_FAIL": "its node has not started",
    "PREEMPTED": "its job had to make room for another one",
    CANCELLED: "its job was cancelled",
    FAILED: "its job has failed",
}
_LONGEST = 200  # characters of what a job has said
_AT_ONCE = 500  # jobs


def jobs_of(folder: Path, tasks: Sequence[Task]) -> dict[str, str]:
    """The numbers of the last jobs of tasks; of a run of trials with its place in the array."""
    jobs: dict[str, str] = {}
    runs = {task.name: task.after for task in tasks if task.trials}
    for job in slurm.submitted(folder):
        if job.kind == slurm.OF_TASK:
            jobs[job.task] = job.number
        elif job.kind.startswith("trials:"):
            first = int(job.kind.partition(":")[2])
            jobs.update((run, f"{job.number}_{at}") for at, run in enumerate(runs.get(job.task, ())[first:]))
    return jobs


def reasons(folder: Path, jobs: Mapping[str, str], is_over: bool) -> dict[str, str]:
    """Why the jobs of these tasks have ended, as far as anybody knows; of a run that is over it is asked for once."""
    known = _kept(folder)
    asked = [job for job in jobs.values() if job and job not in known]
    if asked:
        states = {**_in_queue(), **_in_accounts(asked)}
        told = {job: words for job in asked if (words := _words(states.get(job))) is not None}
        known.update((job, words) for job, words in told.items() if words or is_over)
        _keep(folder, known)
    return {
        task: _with_last_line(folder, task, job, known[job]) for task, job in jobs.items() if known.get(job)
    }


def _words(state: str | None) -> str | None:
    """What a state says; nothing if nobody knows it any more, or it says nothing; None if the job has not ended so far."""
    if state is None:
        return ""
    word, _, rest = state.partition(" ")
    if word not in WORDS:
        return "" if word == "COMPLETED" else None
    return f"{WORDS[word]}{_by(rest)} ({word})"


def _by(rest: str) -> str:
    """Who has cancelled a job, unless that was who looks."""
    number = rest.removeprefix("by ")
    if not number.isdecimal() or int(number) == os.getuid():
        return ""
    with suppress(KeyError):
        return f" by {pwd.getpwuid(int(number)).pw_name}"
    return f" by the user {number}"


def _in_queue() -> dict[str, str]:
    """What the queue still knows of the jobs of this user."""
    question = ("--noheader", "--states=all", "--array", "--user", str(os.getuid()), "--format=%F %K %T")
    states = {}
    with suppress(slurm.QueueError):
        for line in slurm.told("squeue", *question).splitlines():
            number, *place, state = line.split()
            states[number if place in ([], ["N/A"]) else f"{number}_{place[0]}"] = state
    return states


def _in_accounts(jobs: Sequence[str]) -> dict[str, str]:
    """What Slurm has written down of jobs, where it writes anything down."""
    question = ("-X", "--noheader", "--parsable2", "--format=JobID,State", "--jobs")
    states = {}
    with suppress(slurm.QueueError):
        for first in range(0, len(jobs), _AT_ONCE):
            for line in slurm.told("sacct", *question, ",".join(jobs[first : first + _AT_ONCE])).splitlines():
                number, _, state = line.partition("|")
                states[number] = state
    return states


def _with_last_line(folder: Path, task: str, job: str, words: str) -> str:
    """Where a job has ended before its task could begin, what it has said last is why."""
    log = folder / "tasks" / task / "slurm" / f"{job}.log"
    if FAILED not in words or not log.is_file():
        return words
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f"{words}: {last[:_LONGEST]}" if last else words


def _kept(folder: Path) -> dict[str, str]:
    with suppress(OSError, ValueError):
        content: dict[str, str] = json.loads((folder / FATES).read_text(encoding="utf-8"))
        return content
    return {}


def _keep(folder: Path, known: Mapping[str, str]) -> None:
    """Write it down, since Slurm forgets; somebody else may do so at the same time."""
    new = folder / f".{FATES}.{os.getpid()}"
    with suppress(OSError):
        new.write_text(json.dumps(known, indent=1), encoding="utf-8")
        new.replace(folder / FATES)
