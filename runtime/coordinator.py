#!/usr/bin/env python3
"""Runs the tasks of a workflow in their order: steps as Jobs, made from templates, and services as Deployments.

    python3 -m automl.runtime.coordinator PLAN...

A step's template is a suspended CronJob; the Job made of it is named after the hash of what it runs. All that
has happened is in the cluster: this can be killed and started again at any moment, and what an earlier run
has done is not done again. It ends with status 0 if all went well, with 1 if a task failed or a newer apply
has taken over, and with another if it should be started again. It runs on Python 3.8 and newer, with the
standard library alone, and with the modules that it imports, which are mounted beside it.
"""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.runtime.cluster import ApiError, Cluster, log, run, title
from automl.runtime.deployments import DeploymentTask
from automl.runtime.jobs import JobTask, batch, delete
from automl.runtime.plan import Plan, Service, Step
from automl.runtime.states import Run, State, reached
from automl.runtime.tasks import WORKFLOW, ClusterTask, Owner, epoch_seconds
from automl.runtime.watch import Watch

if TYPE_CHECKING:
    from automl.runtime.trial_jobs import TrialsTask

COORDINATOR = "automl.dev/component=coordinator"
LONGEST_WATCH = 60  # seconds


class Coordinator:
    """Runs a plan for the Job that owns it."""

    def __init__(self, plan: Plan, cluster: Cluster, owner: Owner) -> None:
        self.cluster, self.owner = cluster, owner
        self.workspace, self.store = plan.workspace, plan.store
        self.tasks: dict[str, ClusterTask] = {}
        self.swept: dict[str, TrialsTask] = {}
        for spec in plan.tasks:
            self.tasks[spec.name] = self.task_of(spec)
        limits = {spec.name: limit for spec in plan.tasks if (limit := most_of(spec))}
        barriers = {barrier.name: barrier.after for barrier in plan.barriers}
        self.run = Run([*self.tasks.values()], barriers, plan.limit, limits)
        for name in bound_to_run(plan) & self.tasks.keys():
            self.tasks[name].repeats = True
        self.watch = Watch(cluster, f"{WORKFLOW}={owner.workflow}")
        self.timeout = plan.timeout
        self.end_by = epoch_seconds(owner.created) + plan.timeout if plan.timeout else math.inf

    def finish(self) -> int:
        """Run what has not run yet; return the exit status."""
        self.recover()
        if not self.owner.repeats:
            self.end_older_runs()
        while True:
            self.look()
            self.begin()
            if self.run.has_ended():
                break
            if self.end_by <= time.time():
                self.end_late()
                break
            self.wait()
        for line in self.run.report():
            log(line)
        return 0 if self.run.has_succeeded() else 1

    def recover(self) -> None:
        """Go on with what an earlier start of this program has begun, and with what an older run has."""
        log(f"{self.owner.name}: {len(self.tasks)} tasks")
        begun = 0
        for task in self.run.tasks:  # each behind those that it comes after
            self.settle(task)
            obj = self.cluster.find(task.path) if task.path else {}
            begun += self.owner.owns(obj)
            task.recover(obj)
        if begun:
            log(f"{begun} of them were begun before")

    def end_older_runs(self) -> None:
        """Delete older coordinators, and with them what this run has not taken over from them."""
        selector = f"{WORKFLOW}={self.owner.workflow},{COORDINATOR}"
        for job in self.cluster.request("GET", f"{batch(self.cluster)}/jobs", labelSelector=selector)[
            "items"
        ]:
            if self.owner.is_newer_than(job):
                delete(self.cluster, job)
                log(f"{title({'kind': 'Job', **job})}: an older run; it ends, and what is left of it goes")

    def look(self) -> None:
        """Look at the tasks for which it is time."""
        for task in self.run.within(State.RUNNING):
            if task.due <= time.time():
                task.look()
                self.tolerate(task)
                self.say_if_ended(task)

    def end_late(self) -> None:
        """The run takes too long: end what runs. A rollout goes on, as what it rolls out outlives the run."""
        log(f"the run has taken longer than {self.timeout:g} seconds, and ends")
        for task in self.run.within(State.RUNNING):
            task.stop()
            task.end(State.FAILED, "stopped, since the run has taken too long")
            self.say_if_ended(task)

    def tolerate(self, task: ClusterTask) -> None:
        """Let the run go on without a trial that has failed, if so many may."""
        step = self.swept.get(task.group)
        if step and task.state is State.FAILED and isinstance(task, JobTask) and step.tolerates(task):
            task.state = State.TOLERATED

    def begin(self) -> None:
        """Begin what can begin now."""
        for task in self.run.startable():
            try:
                if task.due <= time.time():
                    self.settle(task)
                    task.begin(self.values_for(task))
                    self.say_if_ended(task)
            except ApiError as error:
                if error.status not in task.overtaken:
                    task.end(State.FAILED, f"could not be started: {error}")
                    self.say_if_ended(task)
                    break
                task.due = time.time() + 1  # it changed between two requests; see what is there then

    def wait(self) -> None:
        """Wait until a task is due, or the Job of a step has ended that is not looked at by the clock."""
        live = self.run.within(State.RUNNING) + self.run.startable()
        seconds = min(self.end_by, *(task.due for task in live)) - time.time()
        if seconds < 1:
            time.sleep(max(0, seconds))
            return
        running = [task for task in self.run.within(State.RUNNING) if isinstance(task, JobTask)]
        watched = {task.job: task for task in running if not task.poll}
        for job in self.watch.ended(list(watched), int(min(seconds, LONGEST_WATCH))):
            watched[job].look_soon()

    def settle(self, task: ClusterTask) -> None:
        """Tell a task what it comes right after and what it takes something of, as that was made this time."""
        takes = {source["task"] for source in task.sources.values() if "task" in source}
        before = [other.uid for other in self.run.before(task)]
        task.settle(before, [self.tasks[name].uid for name in sorted(takes)])

    def values_for(self, task: ClusterTask) -> dict[str, str]:
        """The values of its variables; all that it takes something of has succeeded."""
        taken = {variable: self.value(source, task) for variable, source in task.sources.items()}
        return {**taken, **task.given}

    def value(self, source: dict[str, Any], task: ClusterTask) -> str:
        """What a source of the plan gives a task in this run."""
        if "run" in source:
            name, trial = self.owner.name, task.name.rpartition("/")[2]
            return {"id": self.owner.uid, "name": name, "tag": name, "trial": trial}[source["run"]]
        name, is_file = source["task"], source.get("file")
        if "output" in source:
            job, output = self.tasks[name], source["output"]
        elif is_file and "best" in source:
            job, output = self.swept[name].best_run(), source["best"]
        elif is_file:
            return self.swept[name].files(f"{self.workspace}/runs", source["all"])
        else:
            return self.swept[name].value(source)
        assert isinstance(job, JobTask)
        if not is_file:
            return job.values[output]
        if self.store:  # which other clusters may have, too
            return f"{self.store}/{job.uid}/{name}/{output}"
        return f"{self.workspace}/runs/{job.job}/{output}"

    def task_of(self, spec: Step | Service) -> ClusterTask:
        """A task of the plan, by its kind; those that it comes after are there."""
        if isinstance(spec, Service):
            return DeploymentTask(spec, self.cluster, self.owner)
        if spec.trials is None:
            return JobTask(spec, self.cluster, self.owner)
        from automl.runtime.trial_jobs import TrialsTask  # it is there if a step has trials

        self.swept[spec.name] = TrialsTask(spec, self.cluster, self.owner, self.tasks)
        return self.swept[spec.name]

    def say_if_ended(self, task: ClusterTask) -> None:
        """Say how a task has gone."""
        if task.state not in (State.WAITING, State.RUNNING):
            log(self.run.said(task))


def bound_to_run(plan: Plan) -> set[str]:
    """The nodes that are others in each run: they are told which it is, by more than a tag, or come after one that is."""
    followers: dict[str, list[str]] = {}
    for node in [*plan.tasks, *plan.barriers]:
        for name in node.after:
            followers.setdefault(name, []).append(node.name)
    told = [
        task.name
        for task in plan.tasks
        if any(source.get("run") in ("id", "name") for source in task.values.values())
    ]
    return reached(told, followers)


def most_of(spec: Step | Service) -> int | None:
    """How many runs of the trials of a step there are at a time, if there is a limit."""
    return spec.trials.max_parallel if isinstance(spec, Step) and spec.trials else None


def main(arguments: list[str]) -> int:
    """Run the plan in files, each of which goes on where the one before it ends, for the Job that $AUTOML_JOB names."""
    text = "".join(Path(file).read_text(encoding="utf-8") for file in arguments)
    plan, cluster = Plan.from_json(text), Cluster()
    job = cluster.request("GET", f"{batch(cluster)}/jobs/{os.environ['AUTOML_JOB']}")["metadata"]
    owner = Owner(job["name"], job["uid"], job["creationTimestamp"], plan.workflow, plan.repeats)
    return Coordinator(plan, cluster, owner).finish()


if __name__ == "__main__":
    run(main)
