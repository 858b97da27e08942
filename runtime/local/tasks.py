"""The tasks of a run as it goes on: how each is, and the process of its try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from automl.runtime.local.place import Place
from automl.runtime.local.plan import Plan
from automl.runtime.local.plan import Task as Spec
from automl.runtime.local.services import Probe
from automl.runtime.states import Run, Task


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


def run_of(
    plan: Plan, tasks: Sequence[LocalTask], barriers: Mapping[str, Sequence[str]], jobs: int
) -> Run[LocalTask]:
    """The rules by which tasks of a plan go: as many at a time as the plan and who runs it let, and trials as their step does."""
    limits = {task.name: task.trials.max_parallel for task in plan.tasks if task.trials}
    known = {name: limit for name, limit in limits.items() if limit}
    return Run(tasks, barriers, min(jobs, plan.max_parallel or jobs), known)
