"""The tasks of a run as it goes on: how each is, the process of its try, and what they hand on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.runtime.local.place import Place
from automl.runtime.local.plan import Task as Spec
from automl.runtime.local.services import Probe
from automl.runtime.states import Task


class LocalTask(Task):
    """A task of the plan, and the process of its try."""

    def __init__(self, spec: Spec, place: Place) -> None:
        super().__init__(spec.name, spec.after)
        self.spec, self.place = spec, place
        self.tries = 0
        self.pid = 0
        self.end_by: float | None = None  # seconds of the clock that only goes forward
        self.is_late = False
        self.values: dict[str, str] = {}
        self.probe: Probe | None = None  # of a service


def values_for(task: LocalTask, tasks: Mapping[str, LocalTask], run: str) -> dict[str, str]:
    """The values of the variables of a task; all that it takes something of has succeeded."""
    return {variable: _value(source, tasks, run) for variable, source in task.spec.values.items()}


def _value(source: Mapping[str, Any], tasks: Mapping[str, LocalTask], run: str) -> str:
    """What a source of the plan gives in this run."""
    if "run" in source:
        return {"id": run, "name": run}[source["run"]]
    task, output = tasks[source["task"]], source["output"]
    return str(task.place.outputs / output) if source.get("file") else task.values[output]
