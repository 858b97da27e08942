"""What the tasks of a run on a cluster have in common, be they Jobs or Deployments."""

from __future__ import annotations

import calendar
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automl.runtime.cluster import RUN_CREATED, TIME, Cluster, annotations_of
from automl.runtime.plan import Service, Step
from automl.runtime.states import State, Task, joined

WORKFLOW = "automl.dev/workflow"


@dataclass(frozen=True)
class Owner:
    """The Job of this program: the owner of the Jobs that its run makes or takes over."""

    name: str
    uid: str
    created: str  # as the API server writes it
    workflow: str
    repeats: bool

    def reference(self) -> dict[str, str]:
        """What is said of it in the Jobs that it owns."""
        return {"apiVersion": "batch/v1", "kind": "Job", "name": self.name, "uid": self.uid}

    def owns(self, obj: dict[str, Any]) -> bool:
        """Whether it is an owner of a Job, or a Deployment was changed by its run last; neither may be there."""
        owners = [owner["uid"] for owner in obj.get("metadata", {}).get("ownerReferences", [])]
        return self.uid in owners or annotations_of(obj).get(RUN_CREATED) == self.created

    def is_newer_than(self, job: dict[str, Any]) -> bool:
        """Whether another Job was made before it, in another second."""
        return str(job["metadata"]["creationTimestamp"]) < self.created


class ClusterTask(Task, ABC):
    """A task with an object on the cluster, at `path`, that carries the `digest` of what it is."""

    overtaken: tuple[int, ...] = (409,)  # statuses of requests that came too late: look at what is there now

    def __init__(self, spec: Step | Service, cluster: Cluster, owner: Owner) -> None:
        super().__init__(spec.name, spec.after)
        self.cluster, self.owner = cluster, owner
        self.hash, self.poll, self.first_look = spec.hash, spec.poll, spec.first_look or 0
        self.sources, self.given = spec.values, dict[str, str]()
        self.repeats = owner.repeats  # whether it is another one in each run
        self.digest = self.path = ""
        self.uid = ""  # of what it has made, for those that come after it
        self.since = self.due = 0.0  # seconds since 1970: when it was begun, and when to attend to it next

    @abstractmethod
    def settle(self, before: Sequence[str], takes: Sequence[str]) -> None:
        """Be the one that comes of these: the `uid` of the tasks right before, and of those that it takes something of.

        One that was not made yet has none; then there can be no object of this task either, and no `path`.
        """

    @abstractmethod
    def recover(self, obj: dict[str, Any]) -> None:
        """Go on with its object, if it is what is wanted."""

    @abstractmethod
    def begin(self, values: Mapping[str, str]) -> None:
        """See to it that its object is there, once; if that takes longer, it is begun again when it is due.

        The values are those of the variables that this run fills.
        """

    @abstractmethod
    def look(self) -> None:
        """See whether it has ended, and when to look again."""

    def stop(self) -> None:
        """End what it runs; what is meant to outlive the run goes on."""

    def digest_after(self, uids: Sequence[str]) -> str:
        """What it is when it comes of these: another one in each run if it has to be."""
        more = [*uids, self.owner.name] if self.repeats else uids
        return joined(self.hash, *more) if more else self.hash

    def begun(self, since: str, uid: str) -> None:
        """It runs since then, and is looked at as soon as it may be."""
        self.state, self.since, self.uid = State.RUNNING, epoch_seconds(since), uid
        self.look_soon()

    def look_soon(self) -> None:
        """Look at it as soon as it may be."""
        self.due = self.since + self.first_look


def epoch_seconds(time_text: str) -> float:
    """A time of the API server, in seconds since 1970."""
    return calendar.timegm(time.strptime(time_text, TIME))
