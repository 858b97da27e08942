"""What tasks hand on: values, paths of files, and what becomes of all trials of a step."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from automl.runtime.local.history import FAILED, History
from automl.runtime.local.tasks import LocalTask
from automl.runtime.states import State
from automl.runtime.trials import Outcome


def values_for(task: LocalTask, tasks: Mapping[str, LocalTask], run: str) -> dict[str, str]:
    """The values of the variables of a task; all that it takes something of has succeeded."""
    gather_for(task, tasks)
    return {**taken_by(task, tasks, run), **task.spec.given}


def taken_by(task: LocalTask, tasks: Mapping[str, LocalTask], run: str) -> dict[str, str]:
    """What a task takes of others and of the run, by its variables."""
    of_run = {"id": run, "name": run, "tag": run, "trial": task.name.rpartition("/")[2]}
    sources = task.spec.values.items()
    return {name: of_run[it["run"]] if "run" in it else _value(it, tasks) for name, it in sources}


def gather_for(task: LocalTask, tasks: Mapping[str, LocalTask]) -> None:
    """Make the folders that a task takes with the files of all trials of a step."""
    for source in task.spec.values.values():
        if source.get("file") and "all" in source:
            AllTrials(tasks[source["task"]], tasks).gather(source["all"])


def _value(source: Mapping[str, Any], tasks: Mapping[str, LocalTask]) -> str:
    """What a source of the plan gives of another task."""
    task = tasks[source["task"]]
    if task.spec.trials:
        return AllTrials(task, tasks).value(source)
    output = source["output"]
    return str(task.place.outputs / output) if source.get("file") else task.values[output]


def all_trials(tasks: Mapping[str, LocalTask]) -> Iterator[AllTrials]:
    """The steps of a run that have trials."""
    return (AllTrials(task, tasks) for task in tasks.values() if task.spec.trials)


def is_tolerated(task: LocalTask, tasks: Mapping[str, LocalTask]) -> bool:
    """Whether the run goes on though a task has failed: it is of a trial, and few enough of these have failed."""
    step = tasks.get(task.spec.of)
    if step is None or step.spec.trials is None:
        return False
    return len(AllTrials(step, tasks).failed | {task.spec.trial}) <= step.spec.trials.max_failed


class AllTrials:
    """The runs of the trials of a step, which have ended, and what has become of them."""

    def __init__(self, step: LocalTask, tasks: Mapping[str, LocalTask]) -> None:
        self.step, self.runs = step, [tasks[name] for name in step.after]

    @property
    def failed(self) -> set[str]:
        """The trials of which a run has failed."""
        return {run.spec.trial for run in self.runs if run.state in (State.FAILED, State.TOLERATED)}

    def keep_failures(self, known: History) -> None:
        """Runs that had failed when the step succeeded have failed for good; else they are tried again, and the step with them."""
        lacking = [run for run in self.runs if run.state is not State.SUCCEEDED]
        if any(known.tasks[run.name].state != FAILED for run in lacking):
            self.step.state = State.WAITING
            return
        for run in lacking:
            run.end(State.TOLERATED, "failed before")

    def end(self) -> dict[str, Any]:
        """End the step, as its trials have ended; what the record says of it."""
        try:
            self.step.values = self.outcome().said()
        except ValueError as error:
            self.step.end(State.FAILED, str(error))
            return {"state": "failed", "reason": str(error)}
        self.step.end(State.SUCCEEDED, "succeeded")
        return {"state": "succeeded", "values": self.step.values}

    def outcome(self) -> Outcome:
        """What has become of them. ValueError if too many have failed, or none is the best."""
        assert self.step.spec.trials
        left = [run.values if run.state is State.SUCCEEDED else None for run in self.runs]
        return self.step.spec.trials.ended(left)

    def value(self, source: Mapping[str, Any]) -> str:
        """What a source of the plan gives: a value, or the path of a file of the best, or of a folder with those of all."""
        if not source.get("file"):
            return self.outcome().value(source, self.runs[0].spec.outputs)
        if "all" in source:
            return str(self.step.place.outputs / source["all"])
        best = self.outcome().best
        [winner] = [run for run in self.runs if best and run.spec.trial == best.name]
        return str(winner.place.outputs / source["best"])

    def gather(self, output: str) -> None:
        """The folder with the files of all runs by their names, and `index.json`, which says which is whose."""
        folder = self.step.place.outputs / output
        folder.mkdir(parents=True, exist_ok=True)
        there = {run.place.folder.name for run in self.runs if run.state is State.SUCCEEDED}
        for name in there:
            if not (folder / name).is_symlink():
                with suppress(FileExistsError):  # another one gathers them, too
                    (folder / name).symlink_to(Path("..", "..", name, "outputs", output))
        assert self.step.spec.trials
        new = folder / f".index.{socket.gethostname()}.{os.getpid()}"
        new.write_text(self.step.spec.trials.index(there), encoding="utf-8")
        new.replace(folder / "index.json")
