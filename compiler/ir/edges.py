"""The order of tasks."""

from dataclasses import dataclass

from automl.compiler.ir.task import Task


@dataclass(frozen=True, slots=True)
class TaskGroup:
    """Tasks that start together, once every task of the groups named in `after` has succeeded."""

    name: str
    stage: str
    after: tuple[str, ...]
    tasks: tuple[Task, ...]
