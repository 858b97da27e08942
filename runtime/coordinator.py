#!/usr/bin/env python3
"""Runs the tasks of a workflow in their order: steps as Jobs, made from templates, and services as Deployments.

    coordinator.py PLAN

A step's template is a suspended CronJob; the Job made of it is named after the hash of what it runs. All that
has happened is in the cluster: this can be killed and started again at any moment, and what an earlier run
has done is not done again. It ends with status 0 if all went well, with 1 if a task failed or a newer apply
has taken over, and with another if it should be started again. It runs on Python 3.8 and newer, with the
standard library alone, and with `cluster.py` and `tasks.py` beside it.
"""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path
from typing import Any

from cluster import (
    APPLIED,
    POLL,
    RUN,
    RUN_CREATED,
    TIME,
    ApiError,
    Cluster,
    annotations_of,
    applied_for,
    is_rolled_out,
    log,
    progress,
    refuse_older,
    run,
    title,
    too_late,
)
from tasks import FAILED, RUNNING, SUCCEEDED, Task, ending, joined, moment, report, startable

WORKFLOW, HASH = "automl.dev/workflow", "automl.dev/hash"
COORDINATOR = "automl.dev/component=coordinator"
ADD = "application/strategic-merge-patch+json"  # to the owners, not instead of them
LONGEST_WATCH = 60  # seconds
APPLYING = 15  # seconds; so long the templates may be those of before, while kubectl is at it


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
        self.started = time.time()
        self.repeats: bool = plan.get("repeats", False)
        stages: dict[str, list[str]] = plan.get("stages", {})
        for task in self.tasks:
            task.after = [name for each in task.after for name in stages.get(each, [each])]
            task.mark = joined(task.hash, self.name) if self.repeats else task.hash
            task.path = f"{self.batch}/jobs/{task.job}" if task.template else cluster.path(task.deployment)

    def finish(self) -> int:
        """Run what has not run yet; return the exit status."""
        self.recover()
        if not self.repeats:
            self.end_older_runs()
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
        """Go on with what an earlier start of this program has begun, and with what an older run has."""
        found = {task.name: self.cluster.find(task.path) for task in self.tasks}
        begun = sum(self.is_own(each) for each in found.values())
        log(f"{self.name}: {len(self.tasks)} tasks" + (f", {begun} of them begun before" if begun else ""))
        for task in self.tasks:
            each = found[task.name]
            if task.template and each and not self.is_to_go(each):
                try:
                    self.adopt(task, each)
                except ApiError as error:
                    if error.status not in (404, 409):  # it has changed since; see when its turn comes
                        raise
            elif task.deployment and self.is_own(each) and applied_for(each) == self.mark_service(task):
                task.begun(moment(annotations_of(each)[APPLIED]), task.mark)

    def is_own(self, found: dict[str, Any]) -> bool:
        """Whether a Job has this run for an owner, or a Deployment was changed by it last."""
        owners = [each["uid"] for each in found.get("metadata", {}).get("ownerReferences", [])]
        return self.owner["uid"] in owners or annotations_of(found).get(RUN_CREATED) == self.created

    def end_older_runs(self) -> None:
        """Delete older coordinators, and with them what this run has not taken over from them."""
        selector = f"{WORKFLOW}={self.workflow},{COORDINATOR}"
        for job in self.cluster.request("GET", f"{self.batch}/jobs", labelSelector=selector)["items"]:
            if job["metadata"]["creationTimestamp"] < self.created:
                self.delete(job)
                log(f"{title({'kind': 'Job', **job})}: an older run; it ends, and what is left of it goes")

    def is_to_go(self, job: dict[str, Any]) -> bool:
        """Whether a Job is no longer, or failed in an earlier run, so that it is tried anew."""
        is_older = job["metadata"]["creationTimestamp"] < self.created
        return (is_older and ending(job).get("type") == "Failed") or "deletionTimestamp" in job["metadata"]

    def delete(self, job: dict[str, Any]) -> None:
        """Delete this very Job and its pods."""
        options = {"propagationPolicy": "Background", "preconditions": {"uid": job["metadata"]["uid"]}}
        try:
            self.cluster.request("DELETE", f"{self.batch}/jobs/{job['metadata']['name']}", options)
        except ApiError as error:
            if error.status not in (404, 409):  # another has done so
                raise

    def adopt(self, task: Task, job: dict[str, Any]) -> None:
        """Go on with a Job that is there, so that it stays when the run that made it is deleted."""
        if not self.is_own(job):
            self.cluster.request("PATCH", task.path, {"metadata": {"ownerReferences": [self.owner]}}, ADD)
            log(f"{task.name}: already {ending(job).get('type', 'Running').lower()} (Job {task.job})")
        task.begun(moment(job["metadata"]["creationTimestamp"]), job["metadata"]["uid"])

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
        job = self.cluster.find(task.path)
        if job and self.is_to_go(job):
            if "deletionTimestamp" not in job["metadata"]:
                self.delete(job)
                log(f"{task.name}: failed in an earlier run, is tried anew")
            task.due = time.time() + POLL
        elif job:
            self.adopt(task, job)
        else:
            template = self.cluster.find(f"{self.batch}/cronjobs/{task.template}")
            if annotations_of(template).get(HASH) == task.hash:
                job = self.cluster.request("POST", f"{self.batch}/jobs", self.job_of(task, template))
                task.begun(moment(job["metadata"]["creationTimestamp"]), job["metadata"]["uid"])
                log(f"{task.name}: started (Job {task.job})")
            elif time.time() - self.started > APPLYING:
                state = "has been replaced by a newer apply" if template else "is gone"
                raise ValueError(f"{task.name}: the template cronjob/{task.template} {state}; this run ends")
            task.due = max(task.due, time.time() + 1)

    def job_of(self, task: Task, template: dict[str, Any]) -> dict[str, Any]:
        """The Job of a step, as `kubectl create job --from` makes it of the template."""
        source = template["spec"]["jobTemplate"]
        labels = {**source.get("metadata", {}).get("labels", {}), WORKFLOW: self.workflow, RUN: self.name}
        notes = {**annotations_of(source), HASH: task.mark}
        meta = {"name": task.job, "labels": labels, "annotations": notes, "ownerReferences": [self.owner]}
        return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": source["spec"]}

    def mark_service(self, task: Task) -> str:
        """What the pods of a service carry, so that a new run of what it comes after replaces them."""
        before = [each.uid for each in self.tasks if each.name in task.after]
        before += [self.name] if self.repeats else []
        task.mark = joined(task.hash, *before) if before else task.hash
        return task.mark

    def begin_service(self, task: Task) -> None:
        """Apply the Deployment of a service; where it is as wanted already, nothing changes."""
        found, wanted, mark = self.cluster.find(task.path), task.deployment, self.mark_service(task)
        notes = {key: text for key, text in annotations_of(found).items() if key in (APPLIED, RUN_CREATED)}
        if applied_for(found) != mark:
            refuse_older(found, self.created)
            notes = {APPLIED: time.strftime(TIME, time.gmtime()), RUN_CREATED: self.created}
        wanted["metadata"].setdefault("annotations", {}).update(notes)
        seen = found.get("metadata", {}).get("resourceVersion", "")
        wanted["metadata"]["resourceVersion"] = seen  # what another has changed since is a conflict
        wanted["spec"]["template"]["metadata"].setdefault("annotations", {})[RUN] = mark
        self.cluster.apply(wanted)
        log(f"{task.name}: applied ({title(wanted)})")
        task.begun(moment(max(notes.get(APPLIED, ""), self.created)), mark)

    def look_at_step(self, task: Task) -> None:
        """See whether the Job of a step has ended."""
        job = self.cluster.find(task.path)
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
        found, seconds = self.cluster.find(task.path), time.time() - task.since
        left = math.inf if task.deadline is None else task.deadline - seconds
        task.due = time.time() + min(task.poll or POLL, max(left, 0))
        if applied_for(found) != task.mark:
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


def main(arguments: list[str]) -> int:
    """Run the plan in a file, for the Job that $AUTOML_JOB names."""
    plan, cluster = json.loads(Path(arguments[0]).read_text(encoding="utf-8")), Cluster()
    path = f"/apis/batch/v1/namespaces/{cluster.namespace}/jobs/{os.environ['AUTOML_JOB']}"
    return Run(cluster, plan, cluster.request("GET", path)["metadata"]).finish()


if __name__ == "__main__":
    run(main)
