"""Whether a workflow is so small that no engine on Kubernetes finds it too large: then no object has to be made to know it.

What is counted is the most that a run takes in the Argo of Kubeflow when it has ended, which keeps each text up to ten times,
as JSON in JSON in JSON. All else that has a limit is a part of that, or much less.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from automl.compiler.ir import Bundle, Job, Workflow
from automl.compiler.patterns import regex
from automl.compiler.source import Located, Span
from automl.targets.objects.config_maps import archive

MOST_BYTES = 960_000  # of a run, of which the limit is 1 MiB
OF_OBJECT, OF_ARGUMENT = 4, 8
"""No object takes more than a fourth of what is counted, and no argument of a program more than an eighth."""
_FIXED = 330_000  # what is there once: our own programs, in the task that packs a project and in its pods
_PACKED = 12  # for each byte of the packed project: base64, and copies
_NODE, _PAIR = 12_000, 700  # a task or a DAG, and one that comes after another
_VALUE = 600  # a label is two values, each of which makes parameters
_CHARACTER, _RARE = 16, 450  # rare is what is escaped
_ESCAPED = regex(r"[^a-zA-Z0-9_ ./:=,@+-]")
_MOST_NODES = 25  # as many are never small


class _Latest:
    """What was found of the latest workflow: one target after the other asks of the same."""

    workflow: Workflow | None = None
    is_small = False


def is_small(workflow: Workflow) -> bool:
    """Whether all that is made of a workflow surely fits wherever it goes."""
    if _Latest.workflow is not workflow:
        is_plain = len(workflow.nodes) < _MOST_NODES and has_plain_jobs(workflow)
        _Latest.workflow, _Latest.is_small = workflow, is_plain and most_bytes(workflow) <= MOST_BYTES
    return _Latest.is_small


def has_plain_jobs(workflow: Workflow) -> bool:
    """Whether it has nothing but jobs that run once, and leave nothing for others."""
    return all(type(task) is Job and not task.trials and not task.outputs for task in workflow.tasks)


def most_bytes(workflow: Workflow) -> int:
    """The count for a workflow of plain jobs: what is said of the whole is said of each task."""
    nodes, code = workflow.nodes, workflow.code
    packed = len(archive(code.files)) if isinstance(code, Bundle) else 0
    shared = _bytes_of([workflow._replace(nodes=(), code=None if packed else code)])
    return _FIXED + _PACKED * packed + len(nodes) * (_NODE + _PAIR * len(nodes) + shared) + _bytes_of(nodes)


def _bytes_of(values: Iterable[Any]) -> int:
    """The count for all that is in some values. Where they were written is in no object."""
    count, texts, rest = 0, [], [*values]
    while rest:
        value = rest.pop()
        if value is None:
            continue
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, tuple):
            if type(value) is not Span:
                rest += tuple.__iter__(value)
        elif isinstance(value, Mapping):
            for pair in value.items():
                if type(pair[1]) not in (Span, Located):
                    rest += pair
        else:
            count += 1
    text = "".join(texts)
    return _VALUE * (count + len(texts)) + _CHARACTER * len(text) + _RARE * len(_ESCAPED.findall(text))
