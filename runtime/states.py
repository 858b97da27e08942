"""The rules by which the tasks of a run go: what may start, when the run has ended, what is said of it in the end.

They know no cluster and no clock: whatever runs tasks can go by them. What comes `after` others names tasks, or
barriers: names for all that a barrier comes after. It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import partial
from itertools import islice
from typing import Generic, TypeVar


class State(Enum):
    """How a task is; it has ended when it has succeeded or failed, which a trial may: then the run goes on."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TOLERATED = "tolerated"


PASSED = (State.SUCCEEDED, State.TOLERATED)


class Task:
    """What runs once, and how it goes."""

    def __init__(
        self, name: str, after: Sequence[str] = (), state: State = State.WAITING, fate: str = ""
    ) -> None:
        self.name, self.after = name, after
        self.group = ""  # of the trials of a step, of which not all may run at a time
        self.fate = fate  # what there is to say of it
        self._state = state
        self.watch: Callable[[State], None] | None = None  # is told of each change, and how it was before

    @property
    def state(self) -> State:
        """How it is."""
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        before, self._state = self._state, state
        if self.watch:
            self.watch(before)

    def end(self, state: State, fate: str) -> None:
        """It has succeeded or failed, and so it went."""
        self.state, self.fate = state, fate


T = TypeVar("T", bound=Task)


class Run(Generic[T]):
    """The tasks of a run; at most `limit` of them run at a time. They have numbers, in their order.

    What may start is worked out as they change, and not each time anew: a step of many takes no longer than one of few.
    """

    def __init__(
        self,
        tasks: Sequence[T],
        barriers: Mapping[str, Sequence[str]],
        limit: int | None = None,
        limits: Mapping[str, int] | None = None,
    ) -> None:
        self.tasks, self.barriers = tasks, barriers
        self.limit, self.limits = len(tasks) if limit is None else limit, limits or {}
        self._numbers = {task.name: number for number, task in enumerate(tasks)}
        self._by_state: dict[State, set[int]] = {state: set() for state in State}
        self._ready: list[int] = []  # those that may start, less than zero: the first of them comes last
        self._followers: dict[str, list[str]] = {}
        edges = {name: {*after} for name, after in self._edges().items()}
        self._lacks = {name: len(after) for name, after in edges.items()}  # what has not passed before it
        for name, other in ((name, other) for name, after in edges.items() for other in after):
            self._followers.setdefault(other, []).append(name)
        for name in [name for name in barriers if not self._lacks[name]]:
            self._pass(name, 1)
        for number, task in enumerate(tasks):
            task.watch = partial(self._see, number)
            task.watch(State.WAITING)

    def within(self, *states: State) -> list[T]:
        """The tasks in one of these states."""
        numbers = sorted(number for state in states for number in self._by_state[state])
        return [self.tasks[number] for number in numbers]

    def startable(self) -> list[T]:
        """The tasks that may start now: none after a failure, and no more than the limit lets run."""
        free = self.limit - len(self._by_state[State.RUNNING])
        if self._by_state[State.FAILED] or free <= 0:
            return []
        if self.limits:
            return list(islice(self._within_limits(), free))
        return [self.tasks[-number] for number in reversed(self._ready[-free:])]

    def _within_limits(self) -> Iterator[T]:
        """Those that may start, but for trials of which as many run as may at a time."""
        running = Counter(task.group for task in self.within(State.RUNNING))
        for number in reversed(self._ready):
            task = self.tasks[-number]
            if running[task.group] < self.limits.get(task.group, self.limit):
                running[task.group] += 1
                yield task

    def has_ended(self) -> bool:
        """Whether nothing runs, and nothing will."""
        return not self._by_state[State.RUNNING] and not self.startable()

    def has_succeeded(self) -> bool:
        """Whether all tasks have."""
        return sum(len(self._by_state[state]) for state in PASSED) == len(self.tasks)

    def before(self, task: T) -> list[T]:
        """The tasks that a task comes right after, with none but barriers between."""
        names = reached(task.after, self.barriers) & self._numbers.keys()
        return [self.tasks[number] for number in sorted(self._numbers[name] for name in names)]

    def said(self, task: T) -> str:
        """The line for a task that has ended."""
        done = f" ({len(self._by_state[State.SUCCEEDED])} of {len(self.tasks)})"
        return f"{task.name}: {task.fate}{done if task.state is State.SUCCEEDED else ''}"

    def report(self) -> list[str]:
        """The last lines."""
        if self.has_succeeded():
            return [f"all {len(self.tasks)} tasks have succeeded{self._but()}"]
        lines = [f"- {task.name}: {task.fate or self._reason(task)}" for task in self.tasks]
        return ["not all tasks have succeeded:", *lines]

    def _but(self) -> str:
        failed = len(self._by_state[State.TOLERATED])
        return f", but for {failed} of trials, which may fail" if failed else ""

    def _see(self, number: int, before: State) -> None:
        """A task has changed."""
        task = self.tasks[number]
        self._by_state[before].discard(number)
        self._by_state[task.state].add(number)
        if by := (task.state in PASSED) - (before in PASSED):
            self._pass(task.name, by)
        self._place(number)

    def _pass(self, name: str, by: int) -> None:
        """A task has succeeded (1), or is to run once more (-1); barriers with nothing else before them go with it."""
        names = [name]
        for passed in names:  # it grows on the way
            for follower in self._followers.get(passed, ()):
                lacked = self._lacks[follower]
                self._lacks[follower] -= by
                if lacked and self._lacks[follower]:
                    continue
                if follower in self._numbers:
                    self._place(self._numbers[follower])
                else:
                    names.append(follower)

    def _place(self, number: int) -> None:
        """Have a task among those that may start, or not."""
        task, place = self.tasks[number], bisect_left(self._ready, -number)
        is_there = self._ready[place : place + 1] == [-number]
        may_start = task.state is State.WAITING and not self._lacks[task.name]
        self._ready[place : place + is_there] = [-number] * may_start

    def _edges(self) -> dict[str, Sequence[str]]:
        return {**self.barriers, **{task.name: task.after for task in self.tasks}}

    def _reason(self, task: T) -> str:
        """Why a task was not started: for the failed ones that it comes after, or else for all that have failed."""
        upstream, failed = (
            reached(task.after, self._edges()),
            [other.name for other in self.within(State.FAILED)],
        )
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
