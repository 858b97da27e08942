"""The rules by which the tasks of a run go: what may start, when the run has ended, what is said of it in the end.

They know no cluster and no clock: whatever runs tasks can go by them. What comes `after` others names tasks, or
barriers: names for all that a barrier comes after. It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar


class State(Enum):
    """How a task is; it has ended when it has succeeded or failed."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass
class Task:
    """What runs once, and how it goes."""

    name: str
    after: Sequence[str] = ()
    state: State = State.WAITING
    fate: str = ""  # what there is to say of it

    def end(self, state: State, fate: str) -> None:
        """It has succeeded or failed, and so it went."""
        self.state, self.fate = state, fate


T = TypeVar("T", bound=Task)


class Run(Generic[T]):
    """The tasks of a run; at most `limit` of them run at a time."""

    def __init__(
        self, tasks: Sequence[T], barriers: Mapping[str, Sequence[str]], limit: int | None = None
    ) -> None:
        self.tasks, self.barriers = tasks, barriers
        self.limit = len(tasks) if limit is None else limit

    def within(self, *states: State) -> list[T]:
        """The tasks in one of these states."""
        return [task for task in self.tasks if task.state in states]

    def startable(self) -> list[T]:
        """The tasks that may start now: none after a failure, and no more than the limit lets run."""
        if self.within(State.FAILED):
            return []
        passed = self._passed()
        ready = [task for task in self.within(State.WAITING) if passed.issuperset(task.after)]
        return ready[: max(0, self.limit - len(self.within(State.RUNNING)))]

    def has_ended(self) -> bool:
        """Whether nothing runs, and nothing will."""
        return not self.within(State.RUNNING) and not self.startable()

    def has_succeeded(self) -> bool:
        """Whether all tasks have."""
        return len(self.within(State.SUCCEEDED)) == len(self.tasks)

    def before(self, task: T) -> list[T]:
        """The tasks that a task comes right after, with none but barriers between."""
        names = reached(task.after, self.barriers)
        return [other for other in self.tasks if other.name in names]

    def said(self, task: T) -> str:
        """The line for a task that has ended."""
        done = f" ({len(self.within(State.SUCCEEDED))} of {len(self.tasks)})"
        return f"{task.name}: {task.fate}{done if task.state is State.SUCCEEDED else ''}"

    def report(self) -> list[str]:
        """The last lines."""
        if self.has_succeeded():
            return [f"all {len(self.tasks)} tasks have succeeded"]
        lines = [f"- {task.name}: {task.fate or self._reason(task)}" for task in self.tasks]
        return ["not all tasks have succeeded:", *lines]

    def _passed(self) -> set[str]:
        """The tasks that have succeeded, and the barriers with nothing before them that has not."""
        passed = {task.name for task in self.within(State.SUCCEEDED)}
        while more := {
            name for name, after in self.barriers.items() if name not in passed and passed.issuperset(after)
        }:
            passed |= more
        return passed

    def _reason(self, task: T) -> str:
        """Why a task was not started: for the failed ones that it comes after, or else for all that have failed."""
        edges = {**self.barriers, **{other.name: other.after for other in self.tasks}}
        upstream, failed = reached(task.after, edges), [other.name for other in self.within(State.FAILED)]
        return f"not started because of {', '.join([name for name in failed if name in upstream] or failed)}"


def reached(names: Iterable[str], edges: Mapping[str, Sequence[str]]) -> set[str]:
    """These names, and all that one gets to from them."""
    seen: set[str] = set()
    new = set(names)
    while new:
        seen |= new
        new = {name for known in new for name in edges.get(known, ())} - seen
    return seen


def joined(digest: str, *more: str) -> str:
    """A digest of a digest and of what else there is to tell apart, as long as the first."""
    return hashlib.sha256(" ".join([digest, *more]).encode()).hexdigest()[: len(digest)]
