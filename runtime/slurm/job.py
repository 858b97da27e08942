"""What a job does: it runs a task of the plan, with its tries and deadlines, and writes down how that went.

    job TASK [--run NUMBER]

The number is that of a run of the trials of the task, in their order. The status is 0 if it has succeeded: what comes after
it waits for that. When a task has failed for good, no job of the run begins anything more.
"""

from __future__ import annotations

import argparse
import os
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from automl.runtime.local import processes, slurm
from automl.runtime.local.handing_on import AllTrials, is_tolerated, values_for
from automl.runtime.local.place import Setting
from automl.runtime.local.record import Record
from automl.runtime.local.recovery import has_left_all
from automl.runtime.local.saying import complain
from automl.runtime.local.slurm_reading import ENDED_BY_SLURM
from automl.runtime.local.tries import End, Tries
from automl.runtime.local.wakeup import Wakeup
from automl.runtime.slurm.deadline import time_left
from automl.runtime.slurm.known import KnownTasks, known_of, plan_of
from automl.runtime.slurm.marker import culprit_of, mark
from automl.runtime.slurm.safety import keep
from automl.runtime.slurm.settings import settings_of, visible_gpus


class Job:
    """A job of the run in a folder, for one of its tasks, or for a run of the trials of one."""

    def __init__(self, folder: Path, name: str, number: int | None = None) -> None:
        self.folder = folder
        plan = plan_of(folder)
        self.tasks = KnownTasks(folder, plan)
        self.longest = plan.timeout  # seconds that the run may take
        self.is_out_of_time = False
        spec = self.tasks.specs[name if number is None else self.tasks.specs[name].after[number]]
        self.task = self.tasks[spec.name]
        self.task.spec = settings_of(folder, spec).applied(spec)
        self.task.place.folder.mkdir(parents=True, exist_ok=True)
        self.record = Record(self.task.place.folder)
        self.record.open(room=0)

    def finish(self) -> int:
        """Run the task unless there is no need to, or the run has failed; the exit status."""
        if has_left_all(self.folder, self.task.spec, known_of(self.folder, self.task.name)):
            return 0
        if culprit := culprit_of(self.folder):
            self.tell("task.ended", state="skipped", reason=f"not started because of {culprit}")
            return 1
        try:
            return self.conclude() if self.task.spec.trials else self.run()
        except ValueError as error:
            return self.fail(str(error))

    def conclude(self) -> int:
        """The trials of the task have ended, and so does the task."""
        self.tasks.wait_for(self.task.spec.after)
        details = AllTrials(self.task, self.tasks).end()
        if details["state"] != "succeeded":
            return self.fail(details["reason"])
        self.tell("task.ended", **details)
        return 0

    def run(self) -> int:
        """Run the task, so often as it may be tried."""
        values = self.values()
        wakeup = Wakeup()
        processes.adopt_orphans()
        tries = Tries(Setting(self.folder.name, visible_gpus(self.task.spec)), guard=0)
        while (left := time_left(self.folder)) is None or left > 0:
            tries.limit(left)
            end = self.attempt(tries, values, wakeup)
            if end.has_succeeded:
                return self.succeed()
            if wakeup.stops:
                self.tell("task.ended", state="stopped", reason=ENDED_BY_SLURM)
                return 1
            if self.is_out_of_time:
                break
            if self.task.tries > self.task.spec.retries:
                return self.fail(end.reason())
            self.tell("task.tried", reason=end.reason())
        return self.end_run()

    def values(self) -> Mapping[str, str]:
        """The values of the variables of the task. ValueError if what it takes is not there."""
        self.tasks.wait_for(self.sources())
        for name in self.sources():
            if known_of(self.folder, name).state != "succeeded" and not self.tasks.specs[name].of:
                raise ValueError(f"nothing can be taken from {name}, which has not succeeded")
        return values_for(self.task, self.tasks, self.folder.name)

    def sources(self) -> list[str]:
        """The tasks that it takes something of, with the runs of their trials."""
        steps = [source["task"] for source in self.task.spec.values.values() if "task" in source]
        specs = [self.tasks.specs[name] for name in dict.fromkeys(steps)]
        return [
            name for spec in specs for name in ((*spec.after, spec.name) if spec.trials else (spec.name,))
        ]

    def attempt(self, tries: Tries, values: Mapping[str, str], wakeup: Wakeup) -> End:
        """Run a try until it is over; when the job is asked to end, or the run is out of time, so is the try."""
        begun = tries.begin(self.task, values)
        job = {"job": os.environ.get("SLURM_JOB_ID", ""), "host": socket.gethostname()}
        self.tell("task.started", pid=begun.pid, **{"try": self.task.tries}, **job)
        begun.let_go()
        is_asked = False
        while not (ended := list(tries.ended())):
            is_late = bool(tries.out_of_time())
            if (wakeup.stops or is_late) and not is_asked:
                tries.ask_to_end()
                tries.limit(None)
                is_asked, self.is_out_of_time = True, is_late
            deadline = tries.next_deadline()
            wakeup.wait(None if deadline is None else max(0, deadline - time.monotonic()))
            tries.end_late()
        return ended[0]

    def succeed(self) -> int:
        """The task has succeeded: what it has left is on the disk before anybody hears of it."""
        keep(self.task.place)
        self.tell("task.ended", state="succeeded", values=self.task.place.values())
        return 0

    def fail(self, reason: str) -> int:
        """The task has failed, and so has the run, unless it is of a trial that may."""
        complain(f"{self.task.name}: {reason}")
        self.tell("task.ended", state="failed", reason=reason)
        step = self.task.spec.of
        if not (step and self.tasks[step] and is_tolerated(self.task, self.tasks)):
            mark(self.folder, self.task.name)
        return 1

    def end_run(self) -> int:
        """The time of the run is over: nothing of it begins any more."""
        reason = f"the run took longer than {self.longest} seconds"
        complain(f"{self.task.name}: {reason}")
        self.tell("task.ended", state="stopped" if self.task.tries else "skipped", reason=reason)
        mark(self.folder, slurm.OUT_OF_TIME)
        return 1

    def tell(self, event: str, **details: Any) -> None:
        """Write down what has happened to the task, so that all see it from now on."""
        self.record.add(event, task=self.task.name, **details)
        self.record.keep()


def main(arguments: Sequence[str]) -> int:
    """Run a task of the run in whose folder this is."""
    parser = argparse.ArgumentParser(prog="job")
    parser.add_argument("task")
    parser.add_argument("--run", type=int)
    options = parser.parse_args(arguments)
    folder = Path(__file__).absolute().parents[2]
    if not slurm.is_submitted(folder):
        complain("whoever submitted this job was killed before writing it down: another one is there instead")
        return 1
    return Job(folder, options.task, options.run).finish()
