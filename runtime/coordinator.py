#!/usr/bin/env python3
"""Runs the tasks of a workflow in their order: steps as Jobs, made from templates, and services as Deployments.

    coordinator.py PLAN

A step's template is a suspended CronJob; the Job made of it is named after the hash of what it runs. All that
has happened is in the cluster: this can be killed and started again at any moment, and what an earlier run
has done is not done again. It ends with status 0 if all went well, with 1 if a task failed or a newer apply
has taken over, and with another if it should be started again. It runs on Python 3.8 and newer, with the
standard library alone and `cluster.py` beside it.
"""

from __future__ import annotations

import calendar
import hashlib
import json
import math
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cluster import POLL, RUN, ApiError, Cluster, is_rolled_out, log, progress, run, title, too_late

WORKFLOW, HASH = "automl.dev/workflow", "automl.dev/hash"
APPLIED, RUN_CREATED = "automl.dev/applied", "automl.dev/run-created"  # of a Deployment's last change
ADD = "application/strategic-merge-patch+json"  # to the owners, not instead of them
TIME = "%Y-%m-%dT%H:%M:%SZ"
LONGEST_NAME, LONGEST_WATCH = 63, 60  # characters, seconds
WAITING, RUNNING, SUCCEEDED, FAILED = "waiting", "running", "succeeded", "failed"


@dataclass
class Task:
    """A task of the plan, and how it goes."""

    name: str
    hash: str
    after: list[str]
    template: str = ""  # of a step
    deployment: dict[str, Any] = field(default_factory=dict)  # of a service
    deadline: float | None = None
    poll: float | None = None
    first_look: float | None = None
    mark: str = ""  # its hash; where a workflow repeats, that of it and the run
    path: str = ""  # of its Job or Deployment
    state: str = WAITING
    fate: str = ""  # what there is to say of it
    uid: str = ""  # of its Job
    since: float = 0
    due: float = 0  # when to attend to it next

    @property
    def job(self) -> str:
        """The name of its Job: of the template, cut if need be, and of what it runs."""
        return f"{self.template[: LONGEST_NAME - len(self.mark) - 1].rstrip('-.')}-{self.mark}"

    def begun(self, since: float, uid: str = "") -> None:
        """It runs since then, and is looked at as soon as it may be."""
        self.state, self.since, self.uid = RUNNING, since, uid
        self.due = since + (self.first_look or 0)


class Run:
    """One run of a workflow; `own` is the metadata of the Job that this program belongs to."""

    def __init__(self, cluster: Cluster, plan: dict[str, Any], own: dict[str, Any]) -> None:
        self.cluster, self.workflow, self.created = cluster, plan["workflow"], own["creationTimestamp"]
        self.name: str = plan.get("name") or own["name"]
        self.owner = {"apiVersion": "batch/v1", "kind": "Job", "name": own["name"], "uid": own["uid"]}
        self.tasks = [Task(**each) for each in plan["tasks"]]
        self.limit: int = plan.get("max_parallel") or len(self.tasks)
        self.batch = f"/apis/batch/v1/namespaces/{cluster.namespace}"
        self.version = ""  # of the last change of a Job that was seen
        stages: dict[str, list[str]] = plan.get("stages", {})
        for task in self.tasks:
            task.after = [name for each in task.after for name in stages.get(each, [each])]
            task.mark = mark_of_run(task.hash, self.name) if plan.get("repeats") else task.hash
            task.path = f"{self.batch}/jobs/{task.job}" if task.template else cluster.path(task.deployment)

    def finish(self) -> int:
        """Run what has not run yet; return the exit status."""
        self.recover()
        while True:
            for task in self.tasks:
                if task.state == RUNNING and task.due <= time.time():
                    (self.look_at_step if task.template else self.look_at_service)(task)
            self.begin_startable()
            live = [task for task in self.tasks if task.state == RUNNING] + startable(self.tasks, self.limit)
            if not live:
                return report(self.tasks)
            self.wait(min(task.due for task in live) - time.time())

    def recover(self) -> None:
        """Go on with what an earlier start of this program has begun."""
        for task in self.tasks:
            found = self.find(task.path)
            owners = found.get("metadata", {}).get("ownerReferences", [])
            if any(each["uid"] == self.owner["uid"] for each in owners):
                task.begun(moment(found["metadata"]["creationTimestamp"]), found["metadata"]["uid"])
            elif mark_of(found) == task.mark and notes_of(found).get(RUN_CREATED) == self.created:
                task.begun(moment(notes_of(found)[APPLIED]))
        begun = sum(task.state == RUNNING for task in self.tasks)
        log(f"{self.name}: {len(self.tasks)} tasks" + (f", {begun} of them begun before" if begun else ""))

    def wait(self, seconds: float) -> None:
        """Wait so long, or until a Job of the workflow has ended."""
        path, selected = f"{self.batch}/jobs", {"labelSelector": f"{WORKFLOW}={self.workflow}"}
        try:
            if seconds < 1:
                time.sleep(max(0, seconds))
            elif not self.version:
                found = self.cluster.request("GET", path, limit=1, **selected)
                self.version = found["metadata"]["resourceVersion"]
                self.wake("")  # one may have ended before
            else:
                seconds = int(min(seconds, LONGEST_WATCH))
                for event in self.cluster.watch(path, self.version, seconds, **selected):
                    self.version = event["object"]["metadata"]["resourceVersion"]
                    if event["type"] == "DELETED" or ending(event["object"]):
                        self.wake(event["object"]["metadata"]["name"])
                        break
        except ApiError as error:
            if error.status != 410 and error.status < 500:
                raise
            self.version = ""

    def wake(self, job: str) -> None:
        """Look soon at the step with this Job, or at all, but at those for which there are times."""
        for task in self.tasks:
            if task.state == RUNNING and task.template and not task.poll and job in ("", task.job):
                task.due = task.since + (task.first_look or 0)

    def begin_startable(self) -> None:
        """Begin what can begin now."""
        for task in startable(self.tasks, self.limit):
            try:
                if task.due <= time.time():
                    (self.begin_step if task.template else self.begin_service)(task)
            except ApiError as error:
                if error.status != 409 and not (error.status == 404 and task.template):
                    self.end(task, FAILED, f"could not be started: {error}")
                    break
                task.due = time.time() + 1  # it changed between two requests; see what is there then

    def begin_step(self, task: Task) -> None:
        """See to it that the Job of a step is there, once."""
        job = self.find(task.path)
        end = ending(job).get("type", "Running")
        if not job:
            job = self.cluster.request("POST", f"{self.batch}/jobs", self.job_of(task))
            log(f"{task.name}: started (Job {task.job})")
        elif "deletionTimestamp" in job["metadata"]:
            task.due = time.time() + POLL
            return
        elif end == "Failed" and job["metadata"]["creationTimestamp"] < self.created:
            options = {"propagationPolicy": "Background", "preconditions": {"uid": job["metadata"]["uid"]}}
            self.cluster.request("DELETE", task.path, options)
            log(f"{task.name}: failed in an earlier run, is tried anew")
            return
        else:
            self.cluster.request("PATCH", task.path, {"metadata": {"ownerReferences": [self.owner]}}, ADD)
            log(f"{task.name}: already {end.lower()} (Job {task.job})")
        task.begun(moment(job["metadata"]["creationTimestamp"]), job["metadata"]["uid"])

    def job_of(self, task: Task) -> dict[str, Any]:
        """The Job of a step, as `kubectl create job --from` makes it of the template."""
        template = self.find(f"{self.batch}/cronjobs/{task.template}")
        if notes_of(template).get(HASH) != task.hash:
            state = "has been replaced by a newer apply" if template else "is gone"
            raise ValueError(f"{task.name}: the template cronjob/{task.template} {state}; this run ends")
        source = template["spec"]["jobTemplate"]
        labels = {**source.get("metadata", {}).get("labels", {}), WORKFLOW: self.workflow, RUN: self.name}
        notes = {**notes_of(source), HASH: task.mark}
        meta = {"name": task.job, "labels": labels, "annotations": notes, "ownerReferences": [self.owner]}
        return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": source["spec"]}

    def begin_service(self, task: Task) -> None:
        """Apply the Deployment of a service; where it is as wanted already, nothing changes."""
        found, wanted = self.find(task.path), task.deployment
        notes = {key: text for key, text in notes_of(found).items() if key in (APPLIED, RUN_CREATED)}
        if mark_of(found) != task.mark:
            if notes.get(RUN_CREATED, "") > self.created:
                raise ValueError(f"{task.name}: a newer run has changed {title(found)}; this run ends")
            notes = {APPLIED: time.strftime(TIME, time.gmtime()), RUN_CREATED: self.created}
        wanted["metadata"].setdefault("annotations", {}).update(notes)
        wanted["spec"]["template"]["metadata"].setdefault("annotations", {})[RUN] = task.mark
        self.cluster.apply(wanted)
        log(f"{task.name}: applied ({title(wanted)})")
        task.begun(moment(max(notes.get(APPLIED, ""), self.created)))

    def look_at_step(self, task: Task) -> None:
        """See whether the Job of a step has ended."""
        job = self.find(task.path)
        task.due, end = time.time() + (task.poll or math.inf), ending(job)
        if not job or job["metadata"]["uid"] != task.uid:
            self.end(task, FAILED, "failed: its Job has been deleted")
        elif end:
            seconds = f"after {moment(end['lastTransitionTime']) - task.since:.0f} s"
            why = f"{end.get('reason', '')}: {end.get('message', '')}"
            look = f"look at: kubectl logs job/{task.job} -n {self.cluster.namespace}"
            failed = end["type"] == "Failed"
            fate = f"failed {seconds}: {why}; {look}" if failed else f"succeeded {seconds}"
            self.end(task, FAILED if failed else SUCCEEDED, fate)

    def look_at_service(self, task: Task) -> None:
        """See whether the Deployment of a service is rolled out."""
        found, seconds = self.find(task.path), time.time() - task.since
        left = math.inf if task.deadline is None else task.deadline - seconds
        task.due = time.time() + min(task.poll or POLL, max(left, 0))
        if mark_of(found) != task.mark:
            raise ValueError(f"{task.name}: another has changed {title(task.deployment)}; this run ends")
        if is_rolled_out(found):
            self.end(task, SUCCEEDED, f"rolled out after {seconds:.0f} s")
        elif left <= 0:
            self.end(task, FAILED, f"failed: {too_late(found, task.deadline or 0)}")
        elif progress(found) != task.fate:
            task.fate = progress(found)
            log(f"{task.name}: {task.fate}")

    def end(self, task: Task, state: str, fate: str) -> None:
        """Note and say how a task has ended."""
        task.state, task.fate = state, fate
        done = sum(each.state == SUCCEEDED for each in self.tasks)
        log(f"{task.name}: {fate}" + (f" ({done} of {len(self.tasks)})" if state == SUCCEEDED else ""))

    def find(self, path: str) -> dict[str, Any]:
        """What is at this path, or an empty object."""
        try:
            return self.cluster.request("GET", path)
        except ApiError as error:
            if error.status != 404:
                raise
            return {}


def startable(tasks: list[Task], limit: int) -> list[Task]:
    """The tasks to begin next: nothing after a failure, and no more than may run at a time."""
    done = {task.name for task in tasks if task.state == SUCCEEDED}
    free = limit - sum(task.state == RUNNING for task in tasks)
    found = [task for task in tasks if task.state == WAITING and done.issuperset(task.after)]
    return [] if any(task.state == FAILED for task in tasks) else found[: max(0, free)]


def report(tasks: list[Task]) -> int:
    """The last lines and the exit status."""
    if all(task.state == SUCCEEDED for task in tasks):
        log(f"all {len(tasks)} tasks have succeeded")
        return 0
    log("not all tasks have succeeded:")
    for task in tasks:
        log(f"- {task.name}: {task.fate or f'not started because of {blamed(task, tasks)}'}")
    return 1


def blamed(task: Task, tasks: list[Task]) -> str:
    """The failed tasks that a task comes after, or else all that have failed."""
    by_name, before = {each.name: each for each in tasks}, set(task.after)
    while more := {name for each in before for name in by_name[each].after} - before:
        before |= more
    failed = [each.name for each in tasks if each.state == FAILED]
    return ", ".join([name for name in failed if name in before] or failed)


def ending(job: dict[str, Any]) -> dict[str, Any]:
    """The condition that a Job has ended in, or an empty one."""
    found = [each for each in job.get("status", {}).get("conditions", []) if each["status"] == "True"]
    return next((each for each in found if each["type"] in ("Complete", "Failed")), {})


def mark_of_run(mark: str, run: str) -> str:
    """The hash of a hash and the name of a run, as long as the former."""
    return hashlib.sha256(f"{mark} {run}".encode()).hexdigest()[: len(mark)]


def notes_of(found: dict[str, Any]) -> dict[str, str]:
    """The annotations of an object, which may be an empty one."""
    return dict(found.get("metadata", {}).get("annotations", {}))


def mark_of(deployment: dict[str, Any]) -> str:
    """What its pods carry: the hash of the task that it was last applied for."""
    return notes_of(deployment.get("spec", {}).get("template", {})).get(RUN, "")


def moment(text: str) -> float:
    """A time of the API server, in seconds since 1970."""
    return calendar.timegm(time.strptime(text, TIME))


def main(arguments: list[str]) -> int:
    """Run the plan in a file, for the Job that $AUTOML_JOB names."""
    plan, cluster = json.loads(Path(arguments[0]).read_text(encoding="utf-8")), Cluster()
    path = f"/apis/batch/v1/namespaces/{cluster.namespace}/jobs/{os.environ['AUTOML_JOB']}"
    return Run(cluster, plan, cluster.request("GET", path)["metadata"]).finish()


if __name__ == "__main__":
    run(main)
