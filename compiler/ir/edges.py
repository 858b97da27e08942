"""The order of tasks."""

from typing import NamedTuple

from automl.compiler.ir.task import Task


class TaskGroup(NamedTuple):
    """Tasks that start together, once every task of the groups named in `after` has succeeded."""

    name: str
    stage: str
    after: tuple[str, ...]
    tasks: tuple[Task, ...]
