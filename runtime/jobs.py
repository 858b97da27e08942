"""The Jobs of steps: each is made of the step's template, once, and named after the hash of what it runs."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from automl.runtime.cluster import POLL, RUN, ApiError, Cluster, annotations_of, fill, log
from automl.runtime.handed_on import MERGE, Lost, values_of
from automl.runtime.plan import Step
from automl.runtime.states import State, joined
from automl.runtime.tasks import WORKFLOW, ClusterTask, Owner, epoch_seconds

HASH = "automl.dev/hash"
TRIAL, GIVEN = "automl.dev/trial", "automl.dev/given"
ADD = "application/strategic-merge-patch+json"  # to the owners, not instead of them
APPLYING = 15  # seconds; so long the templates may be those of before, while kubectl is at it
LONGEST_NAME = 63


class JobTask(ClusterTask):
    """A step, and its Job."""

    overtaken = (404, 409)

    def __init__(self, step: Step, cluster: Cluster, owner: Owner) -> None:
        super().__init__(step, cluster, owner)
        self.template, self.of_template, self.planned = step.template, step.hash, time.time()
        if step.given:  # of thousands no two may be called alike
            self.hash = joined(step.hash * 2, json.dumps(step.given, sort_keys=True))
        self.outputs, self.values = step.outputs, dict[str, str]()
        self.group, self.trial, self.given, self.job = step.of, step.trial, step.given, ""

    def settle(self, before: Sequence[str], takes: Sequence[str]) -> None:
        """Be named after what it runs, and after the very Jobs whose values and files it takes.

        A Job leaves one set of values and files, whatever becomes of its pods. So a step that was given others is
        another Job, and one with the same name has what it would be given now.
        """
        self.job = self.path = ""
        if all(takes):
            self.digest = self.digest_after(takes)
            self.job = job_name(self.template, self.digest)
            self.path = f"{batch(self.cluster)}/jobs/{self.job}"

    def stop(self) -> None:
        """Have its Job end by itself at once: it stays, with the log of its pods, and has failed."""
        try:
            self.cluster.request("PATCH", self.path, {"spec": {"activeDeadlineSeconds": 1}}, MERGE)
        except ApiError as error:
            if error.status not in (404, 422):  # it is gone, or over
                raise

    def recover(self, obj: dict[str, Any]) -> None:
        """Go on with its Job, if there is one that is not to go."""
        if not obj or self._is_to_go(obj):
            return
        try:
            self._adopt(obj)
        except ApiError as error:
            if error.status not in self.overtaken:
                raise

    def begin(self, values: Mapping[str, str]) -> None:
        """Make its Job of the template, or go on with the one that is there, or take away the one that has failed."""
        job = self.cluster.find(self.path)
        if not job:
            self._make(values)
        elif self._is_to_go(job):
            self._clear(job)
        else:
            self._adopt(job)

    def look(self) -> None:
        """See whether its Job has ended; if nothing is said of when to look, it is when the Job has."""
        job = self.cluster.find(self.path)
        self.due = time.time() + (self.poll or math.inf)
        if not job or job["metadata"]["uid"] != self.uid:
            self.end(State.FAILED, "failed: its Job has been deleted")
        elif condition := ending(job):
            try:
                self._end_by(condition, job)
            except ApiError as error:
                if error.status not in self.overtaken:
                    raise
                self.due = time.time() + 1

    def _end_by(self, condition: dict[str, Any], job: dict[str, Any]) -> None:
        after = f"after {epoch_seconds(condition['lastTransitionTime']) - self.since:.0f} s"
        why = f"{condition.get('reason', '')}: {condition.get('message', '')}"
        if condition["type"] == "Complete":
            try:
                self.values = values_of(self.cluster, job, self.outputs)
                self.end(State.SUCCEEDED, f"succeeded {after}")
                return
            except ValueError as error:
                why = str(error)
        place = f"look at: kubectl logs job/{self.job} -n {self.cluster.namespace}"
        self.end(State.FAILED, f"failed {after}: {why}; {place}")

    def _is_to_go(self, job: dict[str, Any]) -> bool:
        """Whether a Job is no longer, failed in an earlier run, or has values that are lost, so that it is tried anew."""
        if "deletionTimestamp" in job["metadata"]:
            return True
        end = ending(job).get("type")
        return (
            self._lacks_values(job)
            if end == "Complete"
            else end == "Failed" and self.owner.is_newer_than(job)
        )

    def _lacks_values(self, job: dict[str, Any]) -> bool:
        """Whether there are no values of a Job that has succeeded, or, in an earlier run, not all."""
        try:
            values_of(self.cluster, job, self.outputs)
        except ValueError as error:
            return isinstance(error, Lost) or self.owner.is_newer_than(job)
        return False

    def _clear(self, job: dict[str, Any]) -> None:
        """Take away a Job that is to go; another can be made when it is gone."""
        if "deletionTimestamp" not in job["metadata"]:
            delete(self.cluster, job)
            why = "failed in an earlier run" if ending(job)["type"] == "Failed" else "its values are lost"
            log(f"{self.name}: {why}, is tried anew")
        self.due = time.time() + POLL

    def _adopt(self, job: dict[str, Any]) -> None:
        """Go on with a Job that is there, so that it stays when the run that made it is deleted."""
        if not self.owner.owns(job):
            self.cluster.request(
                "PATCH", self.path, {"metadata": {"ownerReferences": [self.owner.reference()]}}, ADD
            )
            log(f"{self.name}: already {ending(job).get('type', 'Running').lower()} (Job {self.job})")
        self.begun(job["metadata"]["creationTimestamp"], job["metadata"]["uid"])

    def _make(self, values: Mapping[str, str]) -> None:
        """Make the Job, once the template is the one that the plan means."""
        template = self.cluster.find(f"{batch(self.cluster)}/cronjobs/{self.template}")
        if annotations_of(template).get(HASH) == self.of_template:
            job = self.cluster.request("POST", f"{batch(self.cluster)}/jobs", self._job_of(template, values))
            self.begun(job["metadata"]["creationTimestamp"], job["metadata"]["uid"])
            log(f"{self.name}: started (Job {self.job})")
            if not self.poll and not self.first_look:
                self.due = math.inf  # that it has ended is said
        elif time.time() - self.planned > APPLYING:
            state = "has been replaced by a newer apply" if template else "is gone"
            raise ValueError(f"{self.name}: the template cronjob/{self.template} {state}; this run ends")
        self.due = max(self.due, time.time() + 1)

    def _job_of(self, template: dict[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
        """The Job, as `kubectl create job --from` makes it of the template, with the values."""
        source = template["spec"]["jobTemplate"]
        fill(source["spec"]["template"]["spec"], values)
        labels = source.get("metadata", {}).get("labels", {})
        of_trial = {TRIAL: self.name.rpartition("/")[2]} if self.trial else {}
        source["spec"]["template"].setdefault("metadata", {}).setdefault("labels", {}).update(of_trial)
        said = {GIVEN: json.dumps(self.given, ensure_ascii=False)} if self.given else {}
        metadata = {
            "name": self.job,
            "labels": {**labels, **of_trial, WORKFLOW: self.owner.workflow, RUN: self.owner.name},
            "annotations": {**annotations_of(source), **said, HASH: self.digest},
            "ownerReferences": [self.owner.reference()],
        }
        return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": source["spec"]}


def job_name(template: str, digest: str) -> str:
    """The name of a Job: of the template, cut if need be, and of what it runs."""
    return f"{template[: LONGEST_NAME - len(digest) - 1].rstrip('-.')}-{digest}"


def batch(cluster: Cluster) -> str:
    """The path below which the Jobs and the templates are."""
    return f"/apis/batch/v1/namespaces/{cluster.namespace}"


def ending(job: dict[str, Any]) -> dict[str, Any]:
    """The condition that a Job has ended in, or an empty one."""
    conditions = [cond for cond in job.get("status", {}).get("conditions", []) if cond["status"] == "True"]
    return next((cond for cond in conditions if cond["type"] in ("Complete", "Failed")), {})


def delete(cluster: Cluster, job: dict[str, Any]) -> None:
    """Delete this very Job and its pods."""
    options = {"propagationPolicy": "Background", "preconditions": {"uid": job["metadata"]["uid"]}}
    try:
        cluster.request("DELETE", f"{batch(cluster)}/jobs/{job['metadata']['name']}", options)
    except ApiError as error:
        if error.status not in (404, 409):  # another has done so
            raise
