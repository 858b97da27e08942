"""User text in a pod: what Kubernetes would expand is escaped, what an engine would expand goes elsewhere."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from automl.compiler.ir import Task, Text, Workflow

_BEFORE_EXPANSION = re.compile(r"[$](?=[$(]|[^\x00-\x7f])")  # it breaks the bytes of what is not ASCII
VARIABLE_PREFIX = "AUTOML_TEXT_"


def escaped(text: str) -> str:
    """Text for `command`, `args` or the value of a variable: Kubernetes expands `$(NAME)` and `$$` there."""
    return _BEFORE_EXPANSION.sub("$$", text)


class Texts(NamedTuple):
    """User text that an engine would expand, kept in a ConfigMap: text to key."""

    config_map: str
    keys: Mapping[str, str]


def collect_texts(workflow: Workflow, is_unsafe: Callable[[str], bool]) -> dict[str, str]:
    """Each unsafe text of the workflow that reaches a container, and a key for it, in order."""
    keys: dict[str, str] = {}
    for task in workflow.tasks:
        for text in _texts(task):
            if is_unsafe(text.value):
                keys.setdefault(text.value, f"text-{len(keys) + 1}")
    return keys


def _texts(task: Task) -> tuple[Text, ...]:
    dependencies = (task.project.dependencies,) if task.project and task.project.dependencies else ()
    values = tuple(variable.value for variable in task.variables)
    return (*(task.command.entrypoint or ()), *task.command.arguments, *values, *dependencies)
