"""The GPUs of a run: how many it asks for, which it can have, and which of them a task of it has now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from automl.runtime.local import machine
from automl.runtime.local.plan import Task
from automl.runtime.local.tasks import LocalTask


def are_asked_for(tasks: Iterable[Task]) -> bool:
    """Whether a task says that it needs some: then each has what it needs, and no other."""
    return any(task.gpus for task in tasks)


def choices(tasks: Sequence[Task]) -> tuple[str, ...]:
    """The numbers of those on this machine that tasks can have. ValueError if there are none of the model they ask for."""
    numbers, names = machine.gpus(), machine.models()
    for model in dict.fromkeys(task.gpu_model for task in tasks if task.gpu_model):
        fitting = [number for number in numbers if machine.is_model(names.get(number, model), model)]
        if not fitting:
            there = ", ".join(dict.fromkeys(names[number] for number in numbers if number in names)) or "none"
            raise ValueError(f"a step asks for GPUs of the model {model}, and this machine has {there}")
        numbers = tuple(fitting)
    return numbers


def at_once(tasks: Sequence[Task]) -> int:
    """What has to be there at a time at least: for the step that needs the most, beside all services."""
    return max([task.gpus for task in tasks if not task.service], default=0) + _of_services(tasks)


def wanted(tasks: Sequence[Task], jobs: int) -> int:
    """What those need together that may run at a time, if so many do; of the trials of a step no more than it lets run."""
    most = {task.name: task.trials.max_parallel for task in tasks if task.trials}
    ending: dict[str, list[int]] = {}
    for task in tasks:
        if not task.service:
            ending.setdefault(task.of, []).append(task.gpus)
    amounts = [amount for name, of in ending.items() for amount in sorted(of, reverse=True)[: most.get(name)]]
    return sum(sorted(amounts, reverse=True)[:jobs]) + _of_services(tasks)


def _of_services(tasks: Sequence[Task]) -> int:
    return sum(task.gpus for task in tasks if task.service)


def free(numbers: Sequence[str], running: Iterable[LocalTask]) -> list[str]:
    """Those of a run that no task of it has."""
    taken = {number for task in running for number in task.gpus}
    return [number for number in numbers if number not in taken]


def with_room(tasks: Iterable[LocalTask], left: int) -> Iterator[LocalTask]:
    """The tasks that can run beside each other with so many; what needs fewer passes what needs more."""
    for task in tasks:
        if task.spec.gpus <= left:
            left -= task.spec.gpus
            yield task
