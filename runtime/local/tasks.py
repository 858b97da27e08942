"""The tasks of a run as it goes on: how each is, and the process of its try."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from automl.runtime.local.place import Place
from automl.runtime.local.plan import Plan
from automl.runtime.local.plan import Task as Spec
from automl.runtime.local.services import Probe
from automl.runtime.states import Run, State, Task

WithRoom = Callable[[Iterable["LocalTask"]], Iterator["LocalTask"]]


class LocalTask(Task):
    """A task of the plan, and the process of its try."""

    def __init__(self, spec: Spec, place: Place) -> None:
        super().__init__(spec.name, spec.after)
        self.spec, self.place = spec, place
        self.group = spec.of
        self.tries = 0
        self.pid = 0
        self.end_by: float | None = None  # seconds of the clock that only goes forward
        self.is_late = False
        self.values: dict[str, str] = {}
        self.probe: Probe | None = None  # of a service
        self.gpus: Sequence[str] = ()  # that its try has


class Sharing(Run[LocalTask]):
    """A run in which a task waits until what it needs for itself is free. `with_room` says which tasks can run now."""

    def __init__(self, run: Run[LocalTask], with_room: WithRoom) -> None:
        super().__init__(run.tasks, run.barriers, None, run.limits)
        self.at_a_time, self.with_room = run.limit, with_room

    def startable(self) -> list[LocalTask]:
        """The tasks that may start now, and for which there is room."""
        free = max(0, self.at_a_time - len(self.within(State.RUNNING)))
        return list(islice(self.with_room(super().startable()), free))


def run_of(
    plan: Plan, tasks: Sequence[LocalTask], barriers: Mapping[str, Sequence[str]], jobs: int
) -> Run[LocalTask]:
    """The rules by which tasks of a plan go: as many at a time as the plan and who runs it let, and trials as their step does."""
    limits = {task.name: task.trials.max_parallel for task in plan.tasks if task.trials}
    known = {name: limit for name, limit in limits.items() if limit}
    return Run(tasks, barriers, min(jobs, plan.max_parallel or jobs), known)
