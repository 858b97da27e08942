"""The Deployments of services: each is applied when its turn comes, and waited for until it is rolled out."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from automl.runtime.cluster import (
    POLL,
    RUN,
    RUN_CREATED,
    TIME,
    Cluster,
    annotations_of,
    applied_for,
    fill,
    is_rolled_out,
    log,
    progress,
    refuse_older,
    title,
    too_late,
)
from automl.runtime.plan import Service
from automl.runtime.states import State
from automl.runtime.tasks import ClusterTask, Owner

APPLIED = "automl.dev/applied"


class DeploymentTask(ClusterTask):
    """A service, and its Deployment."""

    def __init__(self, service: Service, cluster: Cluster, owner: Owner) -> None:
        super().__init__(service, cluster, owner)
        self.deployment, self.deadline = service.deployment, service.deadline
        self.path = cluster.path(self.deployment)

    def settle(self, before: Sequence[str], takes: Sequence[str]) -> None:
        """Be what the pods carry, so that a new run of what the service comes after replaces them."""
        self.digest = self.digest_after(before)

    def recover(self, obj: dict[str, Any]) -> None:
        """Go on with its Deployment, if this run has applied it as it is."""
        if self.owner.owns(obj) and applied_for(obj) == self.digest:
            self.begun(annotations_of(obj)[APPLIED], self.digest)

    def begin(self, values: Mapping[str, str]) -> None:
        """Apply its Deployment; where it is as wanted already, nothing changes."""
        current = self.cluster.find(self.path)
        annotations, wanted = self._annotations(current), self._wanted(current)
        wanted["metadata"]["annotations"].update(annotations)
        fill(wanted["spec"]["template"]["spec"], values)
        self.cluster.apply(wanted)
        log(f"{self.name}: applied ({title(self.deployment)})")
        self.begun(max(annotations.get(APPLIED, ""), self.owner.created), self.digest)

    def look(self) -> None:
        """See whether its Deployment is rolled out."""
        current, passed = self.cluster.find(self.path), time.time() - self.since
        left = math.inf if self.deadline is None else self.deadline - passed
        self.due = time.time() + min(self.poll or POLL, max(left, 0))
        if applied_for(current) != self.digest:
            raise ValueError(f"{self.name}: another has changed {title(self.deployment)}; this run ends")
        if is_rolled_out(current):
            self.end(State.SUCCEEDED, f"rolled out after {passed:.0f} s")
        elif left <= 0:
            self.end(State.FAILED, f"failed: {too_late(current, self.deadline or 0)}")
        elif progress(current) != self.fate:
            self.fate = progress(current)
            log(f"{self.name}: {self.fate}")

    def _annotations(self, current: dict[str, Any]) -> dict[str, str]:
        """When the Deployment was applied, and by which run: again as it is, if it need not change."""
        if applied_for(current) == self.digest:
            kept = annotations_of(current)
            return {key: kept[key] for key in (APPLIED, RUN_CREATED) if key in kept}
        refuse_older(current, self.owner.created)
        return {APPLIED: time.strftime(TIME, time.gmtime()), RUN_CREATED: self.owner.created}

    def _wanted(self, current: dict[str, Any]) -> dict[str, Any]:
        """The Deployment to apply; what another has changed of the current one meanwhile is a conflict."""
        wanted = copy.deepcopy(self.deployment)
        metadata, of_pods = wanted["metadata"], wanted["spec"]["template"]["metadata"]
        metadata.setdefault("annotations", {})
        metadata["resourceVersion"] = current.get("metadata", {}).get("resourceVersion", "")
        of_pods["annotations"] = {**of_pods.get("annotations", {}), RUN: self.digest}
        return wanted
