"""A run, as every engine tells of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

WAITING, RUNNING, SUCCEEDED, FAILED, SKIPPED, STOPPED = (
    "waiting",
    "running",
    "succeeded",
    "failed",
    "skipped",
    "stopped",
)
ENDED = (SUCCEEDED, FAILED, SKIPPED, STOPPED)


class _OfMapping:
    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """What a mapping says, less what it says beyond that: a newer release may have written it."""
        names = {one.name for one in fields(cls)}  # type: ignore[arg-type]
        return cls(**{name: value for name, value in content.items() if name in names})


@dataclass(frozen=True)
class Task(_OfMapping):
    """A step of a run. Times are in seconds since 1970."""

    name: str
    stage: str
    step: str
    state: str
    reason: str = ""
    tries: int = 0
    started: float | None = None
    ended: float | None = None
    url: str = ""  # of a service that is ready
    values: Mapping[str, str] = field(default_factory=dict)  # the outputs that are no files
    files: Mapping[str, str] = field(default_factory=dict)  # the outputs that are, and where they are
    outputs: Mapping[str, str] = field(default_factory=dict)  # the types of both
    is_service: bool = False
    trial_of: str = ""  # the step of which it is a run of a trial
    taken_from: str = ""  # the earlier run that has left its outputs, if it did not run here
    trials: Sequence[Mapping[str, Any]] = ()  # the best first: what each is, how, and from where
    objective: str = ""  # what the trials are judged by, if they are


@dataclass(frozen=True)
class Run(_OfMapping):
    """A run, and its tasks in an order in which they could run."""

    id: str
    workflow: str
    state: str
    reason: str = ""
    created: float = 0
    started: float | None = None
    ended: float | None = None
    user: str = ""
    context: str = ""  # in which it was submitted
    folder: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tasks: tuple[Task, ...] = ()

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """The same, and its tasks."""
        return super().of({**content, "tasks": tuple(map(Task.of, content["tasks"]))})

    def within(self, *states: str) -> list[Task]:
        """The tasks in one of these states."""
        return [task for task in self.tasks if task.state in states]


@dataclass(frozen=True)
class Queued(_OfMapping):
    """A run on the machine that runs share, and what it asks for: some millicores, bytes, and GPUs for itself."""

    run: str
    folder: str
    owner: str
    state: str  # waiting or running
    reason: str = ""  # why it waits
    priority: str = ""
    cpu: int = 0
    memory: int = 0
    gpus: int = 0
    has: tuple[str, ...] = ()  # the GPUs
    since: float = 0  # seconds since 1970


def seconds_of(thing: Run | Task, now: float) -> float | None:
    """How long it has taken, or takes so far."""
    return None if thing.started is None else max(0.0, (thing.ended or now) - thing.started)


def counts(tasks: Iterable[Task]) -> dict[str, int]:
    """How many tasks there are in each state, of which there is one at least."""
    states = [task.state for task in tasks]
    return {state: states.count(state) for state in (*ENDED, RUNNING, WAITING) if state in states}
