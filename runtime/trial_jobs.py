"""The trials of a step on a cluster: a Job for each run of one, and what becomes of the step when all have ended.

It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from automl.runtime.cluster import Cluster
from automl.runtime.jobs import JobTask
from automl.runtime.plan import Step
from automl.runtime.states import State, joined
from automl.runtime.tasks import ClusterTask, Owner
from automl.runtime.trials import Outcome


class TrialsTask(ClusterTask):
    """A step with trials, which is over when all of these are. It has no object of its own."""

    def __init__(self, step: Step, cluster: Cluster, owner: Owner, tasks: Mapping[str, ClusterTask]) -> None:
        super().__init__(step, cluster, owner)
        assert step.trials
        self.trials, self.types = step.trials, step.types
        self.runs = [task for task in map(tasks.__getitem__, step.after) if isinstance(task, JobTask)]

    def settle(self, before: Sequence[str], takes: Sequence[str]) -> None:
        """Be what comes of the very Jobs of its trials, for what comes after it."""
        self.digest = self.uid = joined(self.hash, *before) if all(before) else ""

    def recover(self, obj: dict[str, Any]) -> None:
        """Nothing of it is on the cluster: it ends again when its trials have."""

    def begin(self, values: Mapping[str, str]) -> None:
        """Its trials have ended: so has it."""
        self.since = time.time()
        try:
            said = ", ".join(f"{name}={text}" for name, text in self.outcome().said().items())
            self.end(State.SUCCEEDED, f"succeeded: {said}" if said else "succeeded")
        except ValueError as error:
            self.end(State.FAILED, f"failed: {error}")

    def look(self) -> None:
        """It is over as soon as it has begun."""

    def tolerates(self, task: JobTask) -> bool:
        """Whether the run goes on without a trial that has failed."""
        failed = {run.trial for run in self.runs if run.state in (State.FAILED, State.TOLERATED)}
        return len(failed | {task.trial}) <= self.trials.max_failed

    def outcome(self) -> Outcome:
        """What has become of its trials. ValueError if too many have failed, or none is the best."""
        return self.trials.ended([run.values if run.state is State.SUCCEEDED else None for run in self.runs])

    def value(self, source: Mapping[str, Any]) -> str:
        """The value that a source of the plan names."""
        return self.outcome().value(source, self.types)

    def files(self, folder: str, output: str) -> str:
        """Where the files of all runs are, in the words of `gather.py`."""
        jobs = [run.job if run.state is State.SUCCEEDED else None for run in self.runs]
        return self.trials.files(folder, output, jobs)

    def best_run(self) -> JobTask:
        """The Job of the best trial, which has no folds, and so only one."""
        best = self.outcome().best
        [winner] = [run for run in self.runs if best and run.trial == best.name]
        return winner
