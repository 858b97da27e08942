"""The tasks of a run as their jobs have left them: each writes down what happens to it beside its own files."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from automl.runtime.local.history import ENDED, FAILED, SKIPPED, STOPPED, SUCCEEDED, TaskHistory, history_of
from automl.runtime.local.place import Place
from automl.runtime.local.plan import Plan
from automl.runtime.local.record import events_of
from automl.runtime.local.tasks import LocalTask
from automl.runtime.states import State

PATIENCE = 15  # seconds, until a shared disk shows to one node what another one has written
BETWEEN_LOOKS = 0.5  # seconds


def plan_of(folder: Path) -> Plan:
    """The plan of the run in a folder."""
    return Plan.from_json((folder / "plan.json").read_text(encoding="utf-8"))


def known_of(folder: Path, name: str) -> TaskHistory:
    """How a task of the run in a folder is."""
    return history_of(events_of(Place(folder, name).folder), [name]).tasks[name]


class KnownTasks(dict[str, LocalTask]):
    """The tasks of a run by their names. Each is looked at when it is wanted, and stays so."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        super().__init__()
        self.folder = folder
        self.specs = {task.name: task for task in plan.tasks}

    def __missing__(self, name: str) -> LocalTask:
        task = LocalTask(self.specs[name], Place(self.folder, name))
        known = known_of(self.folder, name)
        task.values = known.values
        if known.state == SUCCEEDED:
            task.end(State.SUCCEEDED, "succeeded")
        elif known.state in (FAILED, SKIPPED, STOPPED):
            task.end(State.FAILED, known.reason)
        self[name] = task
        return task

    def wait_for(self, names: Iterable[str]) -> None:
        """Wait until it is known how these have ended, but not for ever: one whose job was killed has said nothing."""
        end = time.monotonic() + PATIENCE
        lacking = list(names)
        while lacking := [name for name in lacking if known_of(self.folder, name).state not in ENDED]:
            if time.monotonic() > end:
                return
            time.sleep(BETWEEN_LOOKS)
