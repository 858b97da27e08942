"""The graph of a workflow: its tasks by their names, each with what it comes after, and the ends of its stages."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from automl.compiler.config.config import Config, StageConfig
from automl.compiler.config.step import StepConfig
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Barrier, Edge, Node, Task
from automl.compiler.values.dns import dns_label

TaskNames = dict[tuple[str, str], str]
"""By the names of the stage and the step."""
_Lowered = Callable[[StageConfig, StepConfig, tuple[Edge, ...]], Task]


def task_names(config: Config) -> tuple[TaskNames, list[Diagnostic]]:
    """(stage, step) to the name of the task: the step's, with the stage before it where two stages share it."""
    counts = Counter(step.name.label for step in config.steps)
    names: TaskNames = {}
    diagnostics = []
    taken = {label for label, count in counts.items() if count == 1}
    for stage in config.stages:
        for step in stage.steps:
            label = step.name.label
            if counts[label] > 1:
                label = _free(dns_label(f"{stage.name.written}-{step.name.written}"), taken)
                message = f'several stages have a step "{step.name.written}"; this one becomes "{label}"'
                diagnostics.append(Diagnostic(Code.CHANGED_NAME, message, step.name.span))
            taken.add(label)
            names[stage.name.label, step.name.label] = label
    return names, diagnostics


def _free(label: str, taken: set[str]) -> str:
    number = 2
    candidate = label
    while candidate in taken:
        candidate = dns_label(f"{label}-{number}")
        number += 1
    return candidate


def nodes(config: Config, task: _Lowered) -> Iterator[Node]:
    """The tasks of each stage and its end, for which all of the next stage waits."""
    after: tuple[Edge, ...] = ()
    taken = {stage.name.label for stage in config.stages}
    for stage in config.stages:
        for name, steps in _parts(stage, taken):
            tasks = [task(stage, step, after) for step in steps]
            end = Barrier(f"stage/{name}", tuple(Edge(task.name) for task in tasks), stage.name.span)
            after = (Edge(end.name),)
            yield from tasks
            yield end


def _parts(stage: StageConfig, taken: set[str]) -> Iterator[tuple[str, Sequence[StepConfig]]]:
    """The jobs of a stage and its services, which start when the jobs have succeeded."""
    label = stage.name.label
    jobs = [step for step in stage.steps if not step.service]
    services = [step for step in stage.steps if step.service]
    if jobs:
        yield label, jobs
    if services:
        yield _free(dns_label(f"{label}-services"), taken) if jobs else label, services
