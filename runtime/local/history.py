"""What is known of a run: worked out of its events, one after the other, and of nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from automl.runtime.local.record import Event

WAITING, RUNNING, SUCCEEDED, FAILED, SKIPPED, STOPPED = STATES = (
    "waiting",
    "running",
    "succeeded",
    "failed",
    "skipped",
    "stopped",
)
ENDED = (SUCCEEDED, FAILED, SKIPPED, STOPPED)


@dataclass
class TaskHistory:
    """How a task of a run is. Times are in seconds since 1970."""

    name: str
    state: str = WAITING
    reason: str = ""
    tries: int = 0
    started: float | None = None
    ended: float | None = None
    pid: int = 0  # of the process that its try began with, which leads a session
    values: dict[str, str] = field(default_factory=dict)  # the outputs that are no files
    url: str = ""  # of a service
    run: str = ""  # the earlier one that has left its outputs, if it was not run here

    @property
    def is_done(self) -> bool:
        """Whether its outputs are there, made here or taken from an earlier run."""
        return self.state == SUCCEEDED or (self.state == SKIPPED and self.run != "")


@dataclass
class History:
    """How a run is."""

    tasks: dict[str, TaskHistory]
    state: str = WAITING
    reason: str = ""
    started: float | None = None
    ended: float | None = None
    pid: int = 0  # of the program that runs it, or ran it
    pid_started: str = ""  # when that began, lest another process has its number by now
    chosen: list[str] | None = None  # the tasks that are to run, if not all
    asked: dict[str, Any] = field(default_factory=dict)  # what the queue was asked for

    def take(self, event: Event) -> None:
        """Go on by one event. One that is not known changes nothing: a newer release has written it."""
        getattr(self, f"_{event['event'].replace('.', '_')}", _ignore)(event)

    def _run_started(self, event: Event) -> None:
        self.state, self.reason, self.ended = WAITING, "", None
        self.pid, self.pid_started = event["pid"], event["pid_started"]
        for task in self.tasks.values():
            if task.state in (FAILED, STOPPED):
                task.state, task.reason = WAITING, ""

    def _run_asked(self, event: Event) -> None:
        self.asked = {**self.asked, **event["words"]}

    def _run_waiting(self, event: Event) -> None:
        self.reason = event["reason"]

    def _run_running(self, event: Event) -> None:
        self.state, self.reason, self.started = RUNNING, "", self.started or event["at"]

    def choose(self, names: list[str]) -> None:
        """These tasks are to run, even if they have; the others are not, and what they have left stays."""
        self.chosen = names
        for name, task in self.tasks.items():
            if name in names:
                self.tasks[name] = TaskHistory(name)
            elif not task.is_done:
                task.state, task.reason = SKIPPED, "not chosen"

    def _run_chosen(self, event: Event) -> None:
        self.choose(event["tasks"])

    def taken(self, name: str, run: str, values: Mapping[str, str]) -> None:
        """What a task would leave is there, taken from an earlier run."""
        task = self.tasks.setdefault(name, TaskHistory(name))
        task.state, task.run, task.values = SKIPPED, run, dict(values)
        task.reason = f"taken from {task.run}"

    def _task_taken(self, event: Event) -> None:
        self.taken(event["task"], event["run"], event["values"])

    def _run_ended(self, event: Event) -> None:
        self.state, self.reason, self.ended = event["state"], event.get("reason", ""), event["at"]
        for task in self.tasks.values():
            if task.state == RUNNING:
                task.state, task.reason, task.ended = STOPPED, "stopped with the run", event["at"]

    def _task_started(self, event: Event) -> None:
        task = self._task(event)
        task.state, task.reason, task.ended = RUNNING, "", None
        task.started, task.pid, task.tries = event["at"], event["pid"], event["try"]

    def _task_ready(self, event: Event) -> None:
        self._task(event).url = event["url"]

    def _task_tried(self, event: Event) -> None:
        task = self._task(event)
        task.state, task.reason, task.pid = WAITING, event["reason"], 0

    def _task_ended(self, event: Event) -> None:
        task = self._task(event)
        task.state, task.reason, task.ended = event["state"], event.get("reason", ""), event["at"]
        task.values, task.run = event.get("values", {}), event.get("run", "")

    def _task(self, event: Event) -> TaskHistory:
        return self.tasks.setdefault(event["task"], TaskHistory(event["task"]))


def history_of(events: Iterable[Event], names: Iterable[str] = ()) -> History:
    """What has become of a run; `names` are those of its tasks, in their order."""
    history = History({name: TaskHistory(name) for name in names})
    for event in events:
        with suppress(ValueError, TypeError, KeyError):  # it was damaged; those behind it count
            history.take(event)
    return history


def _ignore(event: Any) -> None:
    """Nothing becomes of it."""
