"""How a run begins, or goes on: behind what an earlier program has done, and with the tasks that are chosen."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from automl.runtime.local import choice, processes
from automl.runtime.local.history import History, TaskHistory, history_of
from automl.runtime.local.leftovers import end_containers, end_leftovers
from automl.runtime.local.place import FILES, Place
from automl.runtime.local.plan import Plan, Task
from automl.runtime.local.record import Record


def recover(record: Record, plan: Plan) -> History:
    """Take the record of a run over from an earlier program, of which nothing lives any more then."""
    known = history_of(record.open(), [task.name for task in plan.tasks])
    end_leftovers(record.folder)
    end_containers(record.folder)
    pid = os.getpid()
    record.add("run.started", pid=pid, pid_started=processes.started_at(pid))
    return known


def choose(record: Record, plan: Plan, known: History, words: tuple[Sequence[str], str]) -> list[str]:
    """The tasks that are to run: as the words say, or as it was said before. ValueError says what is nowhere.

    What these take of others is there then, too.
    """
    names, earlier = choice.choice_of(record.folder, plan, known, words)
    if any(words):
        record.add("run.chosen", tasks=names)
        known.choose(names)
    swept = {task.name for task in plan.tasks if task.trials}  # what is gathered there is gathered anew
    for taken in earlier:
        if taken.task not in swept:
            choice.take(taken, record.folder)
        if not taken.has_failed:
            record.add("task.taken", task=taken.task, run=taken.run.name, values=taken.values)
            known.taken(taken.task, taken.run.name, taken.values)
    return names


def has_left_all(folder: Path, task: Task, known: TaskHistory) -> bool:
    """Whether a task need not run again: it has succeeded, and nobody has taken away what it has left."""
    outputs = Place(folder, task.name).outputs
    files = [name for name, type in task.outputs.items() if type in FILES]
    return (
        known.state == "succeeded" and not task.service and all((outputs / name).exists() for name in files)
    )
