"""Runs of trials that need not run here, since an earlier run of the workflow has run the same: what they have left is taken over.

They are the same if all is that they can read: the command and its variables, the files of the project, the image by
its name, what they are given, and what is in the files among that. Where nobody can tell they run: what is on
a disk, what a service answers, an image that is pulled each time. What a run reads that no plan names does not count.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from automl.runtime.local.checkout import PLACE
from automl.runtime.local.choice import earlier_runs
from automl.runtime.local.handing_on import gather_for, taken_by
from automl.runtime.local.history import TaskHistory, history_of
from automl.runtime.local.place import FILES, Place
from automl.runtime.local.plan import Plan, Task
from automl.runtime.local.record import events_of
from automl.runtime.local.recovery import has_left_all
from automl.runtime.local.same_files import hold_the_same, link_all
from automl.runtime.local.tasks import LocalTask
from automl.runtime.states import State, reached

DAMAGED = (OSError, ValueError, LookupError, TypeError, AttributeError)
"""What a record of which something is not as it was can lead to."""


class TakenOver(NamedTuple):
    """What a task need not leave again, and the run in which it has run."""

    task: LocalTask
    run: str
    values: Mapping[str, str]

    def end(self) -> dict[str, Any]:
        """End the task, as it has ended there; what the record says of it."""
        reason = f"as in run {self.run}"
        self.task.values = {**self.values}
        self.task.end(State.SUCCEEDED, reason)
        return {"state": "succeeded", "reason": reason, "run": self.run, "values": self.task.values}


@dataclass(frozen=True)
class Here:
    """A run, its tasks, and whether it still goes on."""

    folder: Path
    plan: Plan
    tasks: Mapping[str, LocalTask]
    goes_on: Callable[[], bool]


def take_over(here: Here, step: LocalTask) -> Iterator[TakenOver]:
    """What runs of the trials of a step need not leave again, which could begin now; their files are there then."""
    lacking = [here.tasks[name] for name in step.after if here.tasks[name].state is State.WAITING]
    if not lacking or not is_comparable(lacking[0].spec, here.plan):
        return
    gather_for(lacking[0], here.tasks)
    for folder in earlier_runs(here.folder, here.plan.workflow):
        with suppress(*DAMAGED):
            earlier = _like(here, lacking, folder)
            for taken in earlier.left_for(here, lacking) if earlier else ():
                lacking.remove(taken.task)
                yield taken
        if not lacking:
            return


def is_comparable(task: Task, plan: Plan) -> bool:
    """Whether anybody can tell what a task reads."""
    services = {other.name for other in plan.tasks if other.service}
    has_disk = any(mount.disk or mount.is_shared for mount in task.mounts)
    return not has_disk and task.pull != "always" and not services & reached(task.after, plan.edges())


def readable(task: Task) -> Task:
    """What a run of a trial can read in its plan, but for what is its own, and for what it takes of others."""
    taken = {variable: {"file": source.get("file", False)} for variable, source in task.values.items()}
    told = replace(task, stage="", step="", after=[], pull="", retries=0, deadline=None)
    told = replace(told, cpu=0, memory=0, most_cpu=0, most_memory=0, shm=0)
    return replace(told, name="", about={}, trials=None, of="", trial="", given={}, values=taken)


def code_of(folder: Path, plan: Plan) -> str | None:
    """What tells the files of the project from others: a digest of all that is packed, or the commit; None if it is not known."""
    if plan.git is None:
        return plan.project
    return (folder / PLACE / "project" / ".git" / "HEAD").read_text(encoding="utf-8")


def _like(here: Here, lacking: Sequence[LocalTask], folder: Path) -> Earlier | None:
    """An earlier run whose plan says the same of a step, and has some of its trials."""
    mine, plan = lacking[0].spec, Plan.as_written((folder / "plan.json").read_text(encoding="utf-8"))
    step = next((task for task in plan.tasks if task.name == mine.of), None)
    if step is None or step.trials is None or readable(step) != readable(mine):
        return None
    if not {task.spec.trial for task in lacking} & {name for name, *_ in step.trials.table}:
        return None
    code = code_of(folder, plan) if mine.project else ""
    if code is None or (mine.project and code != code_of(here.folder, here.plan)):
        return None
    return Earlier(folder, plan.with_trials())


class Earlier:
    """A run, as its record tells of it; it may go on meanwhile."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.specs = folder, {task.name: task for task in plan.tasks}
        events = events_of(folder)
        self.known = history_of(events, self.specs).tasks
        self.tasks = {spec.name: self._task(spec) for spec in plan.tasks}
        self.last = {(event["event"], event.get("task")): at for at, event in enumerate(events)}

    def left_for(self, here: Here, lacking: Sequence[LocalTask]) -> list[TakenOver]:
        """What it has left of these tasks, which is theirs then."""
        there = [task for task in lacking if self._has(task.spec)]
        if not there or not self._was_given_the_same(here, there[0]):
            return []
        linked = [task for task in there if self._link(task)]
        now = history_of(events_of(self.folder), self.specs).tasks  # deleted meanwhile, or run again?
        taken = [task for task in linked if now[task.name] == self.known[task.name]]
        for task in taken:
            with suppress(OSError):
                shutil.copyfile(Place(self.folder, task.name).log, task.place.log)
        known = [self.known[task.name] for task in taken]
        return [TakenOver(task, it.run or self.folder.name, it.values) for task, it in zip(taken, known)]

    def _has(self, task: Task) -> bool:
        """Whether it has run this, and all that it has left is there."""
        spec, known = self.specs.get(task.name), self.known.get(task.name)
        if spec is None or known is None or spec.given != task.given:
            return False
        values = {name for name, type in task.outputs.items() if type not in FILES}
        return (
            has_left_all(self.folder, task, known)
            and values <= known.values.keys()
            and self._is_of_now(known)
        )

    def _is_of_now(self, known: TaskHistory) -> bool:
        """Whether what a task was given is what is there: none of that was left after it had begun."""
        begun = self.last.get(("task.ended" if known.run else "task.started", known.name), -1)
        sources = {source["task"] for source in self.specs[known.name].values.values() if "task" in source}
        left = [
            max(self.last.get((event, source), -1) for event in ("task.ended", "task.taken"))
            for source in sources
        ]
        return all(self.known[source].is_done for source in sources) and all(0 <= at < begun for at in left)

    def _was_given_the_same(self, here: Here, task: LocalTask) -> bool:
        """Whether it was given the same values, and files with the same in them."""
        mine = taken_by(task, here.tasks, here.folder.name)
        theirs = taken_by(self.tasks[task.name], self.tasks, self.folder.name)
        sources = task.spec.values.items()
        files = {variable for variable, source in sources if source.get("file")}
        tags = {variable for variable, source in sources if source.get("run") == "tag"}
        return all(mine[name] == theirs[name] for name in mine.keys() - files - tags) and all(
            hold_the_same(Path(mine[name]), Path(theirs[name]), here.goes_on) for name in files
        )

    def _link(self, task: LocalTask) -> bool:
        """Have what it has left in the folder of a task, too; whether all of it is there."""
        try:
            task.place.folder.mkdir(parents=True, exist_ok=True)
            link_all(Place(self.folder, task.name).outputs, task.place.outputs)
        except OSError:
            return False
        return True

    def _task(self, spec: Task) -> LocalTask:
        task, known = LocalTask(spec, Place(self.folder, spec.name)), self.known[spec.name]
        task.values = known.values
        if known.is_done:
            task.state = State.SUCCEEDED
        return task
