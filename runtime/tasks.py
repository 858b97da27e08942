"""The tasks of a workflow for `coordinator.py`: how each goes, which comes next, what is said in the end."""

from __future__ import annotations

import calendar
import hashlib
import time
from dataclasses import dataclass, field
from typing import Any

from cluster import TIME, log

LONGEST_NAME = 63
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
    mark: str = ""  # of a step its hash, of a service that of it and of what ran before
    path: str = ""  # of its Job or Deployment
    state: str = WAITING
    fate: str = ""  # what there is to say of it
    uid: str = ""  # of its Job; of a service its mark
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


def joined(mark: str, *more: str) -> str:
    """A hash of a hash and of what else there is to tell apart, as long as the first."""
    return hashlib.sha256(" ".join([mark, *more]).encode()).hexdigest()[: len(mark)]


def moment(text: str) -> float:
    """A time of the API server, in seconds since 1970."""
    return calendar.timegm(time.strptime(text, TIME))
