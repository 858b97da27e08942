"""Which tasks of a plan run, if not all of them, and what these take from earlier runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from automl.runtime.local.history import FAILED, History, TaskHistory, history_of
from automl.runtime.local.place import FILES, Place
from automl.runtime.local.plan import Plan, Task
from automl.runtime.local.record import events_of
from automl.runtime.local.removal import remove
from automl.runtime.states import reached


class NoStepError(ValueError):
    """A word that names no step."""

    def __init__(self, word: str, names: Sequence[str]) -> None:
        super().__init__(f'there is no step "{word}"; the steps are {", ".join(names)}')
        self.word, self.names = word, names


class Taken(NamedTuple):
    """What a task has left in an earlier run."""

    task: str
    run: Path
    values: Mapping[str, str]
    has_failed: bool = False  # which a trial may


class Choice(NamedTuple):
    """What is to run, and what that takes of earlier runs."""

    names: list[str]
    taken: list[Taken]


def choice_of(
    folder: Path, plan: Plan, known: History | None, words: tuple[Sequence[str], str | None]
) -> Choice:
    """What is to run in the folder of a run, new if nothing is known: as the words say, or as it was said before.

    ValueError if a word names no step, or if what is taken is nowhere.
    """
    only, since = words
    known = known or history_of((), [task.name for task in plan.tasks])
    names = chosen(plan, only, since) if only or since else known.chosen
    if names is None:
        return Choice([task.name for task in plan.tasks], [])
    outputs = wanted(plan, set(names))
    lacking = {name: outputs[name] for name in outputs if not known.tasks[name].is_done}
    return Choice(names, from_earlier(folder, plan, lacking))


def chosen(plan: Plan, only: Sequence[str], since: str | None) -> list[str]:
    """The tasks that are to run: these, or one with all that comes after it. ValueError if there is no such task."""
    names = {name for word in only for task in named(plan, word) for name in (task.name, *runs_of(task))}
    if since:
        edges = plan.edges()
        first = {name for task in named(plan, since) for name in (task.name, *runs_of(task))}
        names |= {name for name in edges if reached([name], edges) & first}
    return [task.name for task in plan.tasks if task.name in names]


def named(plan: Plan, word: str) -> list[Task]:
    """The task that a word names: its own name, or that of the step with or without the stage; or all tasks of a stage."""
    for names in (
        lambda task: (task.name, f"{task.stage}/{task.step}"),
        lambda task: (task.step,),
        lambda task: (task.stage,),
    ):
        tasks = [task for task in plan.tasks if word in names(task) and (not task.of or word == task.name)]
        if len(tasks) > 1 and names(tasks[0]) != (tasks[0].stage,):
            ways = " or ".join(f"{task.stage}/{task.step}" for task in tasks)
            raise ValueError(f'which step is "{word}": {ways}?')
        if tasks:
            return tasks
    raise NoStepError(word, [task.name for task in plan.tasks if not task.of])


def runs_of(task: Task) -> list[str]:
    """The runs of the trials of a step, if it has some."""
    return task.after if task.trials else []


def wanted(plan: Plan, names: AbstractSet[str]) -> dict[str, set[str]]:
    """The outputs that these tasks take of others: of each its names."""
    outputs: dict[str, set[str]] = {}
    steps = {task.name: task for task in plan.tasks}
    for task in plan.tasks:
        for source in task.values.values() if task.name in names else ():
            if "task" in source and source["task"] not in names:
                for name in (source["task"], *runs_of(steps[source["task"]])):
                    outputs.setdefault(name, set())
                outputs[source["task"]] |= {source["output"]} if "output" in source else set()
    return outputs


def from_earlier(folder: Path, plan: Plan, outputs: Mapping[str, AbstractSet[str]]) -> list[Taken]:
    """Where these outputs are: in the newest run of the workflow that has them. ValueError names what is nowhere."""
    types, of = {task.name: task.outputs for task in plan.tasks}, {task.name: task.of for task in plan.tasks}
    taken: dict[str, Taken] = {}
    for run in earlier_runs(folder, plan.workflow) if outputs else ():
        known = history_of(events_of(run)).tasks
        for name in outputs.keys() & known.keys() - taken.keys():
            step = of[name] or name
            if known[step].is_done and _has(
                run, known[name], {output: types[name][output] for output in outputs[name]}
            ):
                taken[name] = Taken(name, run, known[name].values)
            elif of[name] and known[step].is_done and known[name].state == FAILED:
                taken[name] = Taken(name, run, {}, has_failed=True)
        if len(taken) == len(outputs):
            break
    if missing := [_said(name, outputs[name]) for name in outputs if name not in taken and not of[name]]:
        raise ValueError(f"no earlier run has what is taken from {'; '.join(missing)}; run these steps, too")
    return [*taken.values()]


def _said(name: str, outputs: AbstractSet[str]) -> str:
    return f"{name} ({', '.join(sorted(outputs))})" if outputs else f"the trials of {name}"


def take(taken: Taken, folder: Path) -> None:
    """Copy the files that the task has left to the run in a folder."""
    source, target = Place(taken.run, taken.task).outputs, Place(folder, taken.task).outputs
    if target.exists():
        remove(target)  # the copy of a run that was killed
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.exists():
        shutil.copytree(source, target, copy_function=_copy)


def _copy(source: str, target: str) -> None:
    """Copy a file; a link that leads nowhere stays one, as the task has left it."""
    link = Path(source)
    if link.is_symlink() and not link.exists():
        Path(target).symlink_to(link.readlink())
    else:
        shutil.copy2(source, target)


def earlier_runs(folder: Path, workflow: str) -> Iterable[Path]:
    """The other runs of a workflow, the newest first."""
    runs: list[tuple[float, Path]] = []
    for path in folder.parent.glob(f"{workflow}-?????/run.json"):
        with suppress(ValueError, KeyError, TypeError):  # it was damaged
            about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if path.parent != folder and about["workflow"] == workflow:
                runs.append((about["created"], path.parent))
    return [run for _, run in sorted(runs, reverse=True)]


def _has(run: Path, known: TaskHistory, types: Mapping[str, str]) -> bool:
    """Whether a task has left these outputs in a run."""
    outputs = Place(run, known.name).outputs
    return known.is_done and all(
        (outputs / name).exists() if type in FILES else name in known.values for name, type in types.items()
    )
