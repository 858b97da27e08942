"""Says of every task of a run whether there is something to do: `TASK<TAB>done`, `todo`, or the number of its job.

What has failed, or comes after that, is to be done again: its old jobs are cancelled, should there be any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from automl.runtime.local import slurm
from automl.runtime.local.history import FAILED, SKIPPED, STOPPED
from automl.runtime.local.place import Place
from automl.runtime.local.plan import Plan, Task
from automl.runtime.local.record import Record
from automl.runtime.local.recovery import has_left_all
from automl.runtime.local.saying import complain, say
from automl.runtime.slurm.deadline import set_from_now
from automl.runtime.slurm.known import known_of, plan_of

DONE, TODO, REFUSED = "done", "todo", 2


class Look:
    """How the tasks of the run in a folder are, as far as that has been looked at."""

    def __init__(self, folder: Path, plan: Plan, jobs: Mapping[str, str]) -> None:
        self.folder, self.jobs = folder, jobs
        self.specs = {task.name: task for task in plan.tasks}
        self.before = {barrier.name: barrier.after for barrier in plan.barriers}
        self.states: dict[str, str] = {}

    def state(self, task: Task) -> str:
        """What there is to do for a task: those that it comes after have been looked at."""
        if has_left_all(self.folder, task, known_of(self.folder, task.name)):
            return DONE
        job = self.jobs.get(task.name, TODO)
        after = self.specs[task.after[0]].after if task.trials else task.after
        return TODO if any(self.is_todo(name) for name in after) else job

    def is_todo(self, name: str) -> bool:
        """Whether a task, or one that a barrier stands for, is to be done."""
        if name not in self.states:
            self.states[name] = TODO if any(map(self.is_todo, self.before[name])) else DONE
        return self.states[name] == TODO


def main(arguments: Sequence[str]) -> int:
    """Look at the run in whose folder this is."""
    folder = Path(__file__).absolute().parents[2]
    plan = plan_of(folder)
    try:
        jobs = slurm.living(folder)
        look = Look(folder, plan, jobs)
        steps = [task for task in plan.tasks if not task.of]
        for task in steps:
            look.states[task.name] = look.state(task)
        todo = [task for task in steps if look.states[task.name] == TODO]
        slurm.cancel([jobs[task.name] for task in todo if task.name in jobs])
    except slurm.QueueError as error:
        complain(str(error))
        return REFUSED
    if all(state in (TODO, DONE) for state in look.states.values()):  # nothing goes on
        set_from_now(folder, plan.timeout)
    for task in todo:
        for name in (task.name, *(task.after if task.trials else ())):
            _try_again(folder, name)
    for task in steps:
        say(f"{task.name}\t{look.states[task.name]}")
    return 0


def _try_again(folder: Path, name: str) -> None:
    """Have it known that what has ended without success will be tried again."""
    known = known_of(folder, name)
    if known.state in (FAILED, SKIPPED, STOPPED):
        record = Record(Place(folder, name).folder)
        record.open(room=0)
        record.add("task.tried", task=name, reason=known.reason)
        record.keep()
