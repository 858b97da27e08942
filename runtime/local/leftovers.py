"""What a run has left running when the program that ran it is gone."""

from __future__ import annotations

from pathlib import Path

from automl.runtime.local import containers, processes
from automl.runtime.local.history import RUNNING, history_of
from automl.runtime.local.plan import Plan
from automl.runtime.local.record import events_of


def end_leftovers(folder: Path) -> None:
    """End it: what stands in the record as running, and what belongs to the run otherwise."""
    known = history_of(events_of(folder))
    pids = {task.pid for task in known.tasks.values() if task.pid and (task.state == RUNNING or task.url)}
    if not processes.is_of_this_boot(known.pid_started):
        pids = set()
    if not processes.PROC.joinpath("self").exists():
        for pid in pids:
            processes.end_group(pid)
    processes.end_members(folder.name, sessions=pids)


def end_containers(folder: Path) -> None:
    """End those of its containers that are left: they are no children of any process of it."""
    plan = Plan.from_json((folder / "plan.json").read_text(encoding="utf-8"))
    if any(task.image is not None for task in plan.tasks):
        containers.end(folder.name)
