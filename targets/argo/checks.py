"""What Argo cannot say, or says otherwise: told before it is emitted, with the place in the config."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import Any

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Job, Task, Text, Workflow
from automl.targets.argo.data import by_artifacts, is_collected, taken_by
from automl.targets.argo.overflow import MAX_TEMPLATE_BYTES
from automl.targets.dag.limits import MAX_WORKFLOW_BYTES
from automl.targets.objects.checks import (
    annotations_of,
    images_without_entrypoint,
    kept_from_one_node,
    rights_of_account,
    services_without_timeout,
    unsafe_texts,
)
from automl.targets.objects.escape import has_template_tag
from automl.targets.objects.json import size_in_go
from automl.targets.objects.metadata import Object
from automl.targets.objects.pod_patch import patch_of
from automl.targets.objects.resources import unknown_models

_LONGEST_ESCAPE = 6  # bytes that Go writes for one
TEMPLATE_OVERHEAD, NODE_BYTES, WORKFLOW_OVERHEAD = 100, 80, 8 * 1024
"""Bytes, measured on 3.7: what a copy of a template has besides, a node once compressed, and all the rest."""
VALUE_BYTES = 20
"""What a number of 17 digits takes, once compressed, in each node that takes it, leaves it or hands it on."""
RUN_BYTES, GIVEN_BYTES, LEFT_BYTES = 45, 10, 25
"""Of the run of a trial, once compressed: the node, each value that it is given beside its text, and each that it leaves,
which is in the node of the pod that selects too. Measured on 3.7 with 300 runs: 85 bytes a run, and 131 of which two are left."""

MAX_INPUTS = 500
"""The most parameters that a template takes; Argo's full CRDs enforce it, `argo lint` does not."""
MAX_ARGUMENT_BYTES = 120 * 1024
"""The arguments of a container as JSON in Go's manner. Beyond 128 KiB Argo moves them where Kubernetes no longer
expands `$(NAME)` (workflow/controller/workflowpod.go)."""


def of_workflow(workflow: Workflow) -> Iterator[Diagnostic]:
    """What Argo cannot say of a workflow, whatever its templates look like."""
    yield from services_without_timeout(workflow)
    yield from rights_of_account(workflow, "create and patch workflowtaskresults", "docs/targets/argo.md")
    yield from kept_from_one_node(workflow)
    yield from unknown_models(workflow)
    described = [workflow.description] if workflow.description else []
    yield from unsafe_texts([*described, *annotations_of(workflow)], _why_no_annotation)
    message = 'Argo has to look up in the registry what the image "{image}" starts'
    help = "give `entrypoint`, the command of the image, so that it need not"
    jobs = (
        job for job in workflow.jobs if not is_collected(workflow, job)
    )  # of init containers it asks nothing
    yield from images_without_entrypoint(jobs, Code.HINT_LOST, message, help)
    yield from _services_with_artifacts(workflow)
    yield from _patches_with_tags(workflow)


def _patches_with_tags(workflow: Workflow) -> Iterator[Diagnostic]:
    """The patches of pods in which Argo would look for tags."""
    for options in (workflow.options("argo"), *(task.options("argo") for task in workflow.tasks)):
        for key, value in patch_of(options).items():
            if has_template_tag(json.dumps(value)):
                message = f'"{key}" cannot hold `{{{{`: Argo takes it for a template tag, and knows no escape'
                place = options.place(f"pod.{key}") or workflow.span
                yield Diagnostic(Code.CANNOT_SAY, message, place, help="write it in another way")


def _services_with_artifacts(workflow: Workflow) -> Iterator[Diagnostic]:
    """The services that take files where those are artifacts: no pod of a Deployment is given any."""
    for service in workflow.services if by_artifacts(workflow) else ():
        if any(source.type.is_file for source in taken_by(workflow, service)):
            message = f'the service "{service.step}" cannot take a file: Argo gives artifacts to the pods of a run alone'
            help = "leave out `artifacts`, so that files are on the workspace"
            yield Diagnostic(Code.CANNOT_SAY, message, service.place("inputs"), help)


def too_many_inputs(workflow: Workflow, templates: Sequence[Object]) -> Iterator[Diagnostic]:
    """Steps, or DAGs of steps, that take more values than a template may. `templates` begin with those of the tasks."""
    for template, place in zip(templates, chain(workflow.tasks, repeat(workflow)), strict=False):
        if (count := _values_in(template, ("inputs",))) > MAX_INPUTS:
            message = (
                f'"{template["name"]}" takes {count} values of other steps; the limit of Argo is {MAX_INPUTS}'
            )
            yield Diagnostic(
                Code.CANNOT_SAY,
                message,
                place.span,
                help="hand on many values as one of `json`, or in a file",
            )


def _why_no_annotation(text: str) -> str | None:
    if not has_template_tag(text):
        return None
    return (
        "a description or annotation cannot hold `{{`: Argo takes it for a template tag, and knows no escape"
    )


def too_long(workflow: Workflow, templates: Sequence[Object], sizes: Sequence[int]) -> Iterator[Diagnostic]:
    """Steps that fit into no object, jobs whose arguments Argo would move, and objects of services that are too long
    for a word of a command.

    `templates`, and their `sizes` in bytes, begin with those of the tasks.
    """
    count = len(workflow.tasks)
    for task, template, size in zip(workflow.tasks, templates[:count], sizes[:count], strict=True):
        if size > MAX_TEMPLATE_BYTES:
            yield _too_long(f'the step "{task.step}"', size, MAX_TEMPLATE_BYTES, task)
        elif size > MAX_ARGUMENT_BYTES // _LONGEST_ESCAPE:
            yield from _arguments_too_long(task, template)


def _arguments_too_long(task: Task, template: Object) -> Iterator[Diagnostic]:
    main = template["container"]
    assert isinstance(main, dict)
    words = main.get("args", [])
    place: Task | Text
    if isinstance(task, Job):
        size, place = size_in_go(words), next(iter(task.command.arguments), task)
        what = "the command"
    else:
        size, place = max(len(word.encode()) for word in words), task
        what = f'an object of the service "{task.step}"'
    if size > MAX_ARGUMENT_BYTES:
        yield _too_long(what, size, MAX_ARGUMENT_BYTES, place)


def _too_long(what: str, size: int, limit: int, place: Task | Text) -> Diagnostic:
    message = f"{what} takes {size // 1024} KiB in Argo; the limit is {limit // 1024} KiB"
    return Diagnostic(
        Code.CANNOT_SAY, message, place.span, help="put what is long into a file of the project"
    )


def check_size(workflow: Workflow, size: int) -> Iterator[Diagnostic]:
    """A workflow that Argo's controller would give up when it runs, long after it was applied.

    `size` are the bytes that it comes to.
    """
    if size > MAX_WORKFLOW_BYTES:
        runs = sum(len(job.trials.runs) for job in workflow.jobs if job.trials)
        message = (
            f"the workflow takes {size // 1024} KiB in Argo; the limit is {MAX_WORKFLOW_BYTES // 1024} KiB "
            f"({len(workflow.tasks)} steps{f', {runs:,} runs of trials' if runs else ''})"
        )
        yield Diagnostic(Code.CANNOT_SAY, message, workflow.span, help="split it into several workflows")


def _values_in(template: Mapping[str, Any], sides: Sequence[str] = ("inputs", "outputs")) -> int:
    """How many values a template takes, leaves, or both."""
    of_sides = [template.get(side, {}) for side in sides]
    return sum(len(values.get("parameters", ())) for values in of_sides if isinstance(values, dict))


def run_bytes(workflow: Workflow, templates: Sequence[Object], sizes: Sequence[int]) -> int:
    """What the controller stores when all has run, with what tasks hand on, or give to a template that they share.

    Of texts that are given, base64 takes what compression gains.
    """
    tasks = [task for template in templates for task in _tasks_of(template)]
    uses = Counter(task["template"] for task in tasks)
    values = sum(_values_in(template) * max(uses[template["name"]], 1) for template in templates)
    given = (one["value"] for task in tasks for one in task.get("arguments", {}).get("parameters", ()))
    texts = [len(value) for value in given if "{{" not in value]
    nodes = len(tasks) + 1 - len(templates)  # that have no template of their own
    of_values = VALUE_BYTES * (values - len(texts)) + sum(texts)
    named = {template["name"]: template for template in templates}
    of_runs = sum(_loop_bytes(task, named[task["template"]]) for task in tasks if "withItems" in task)
    return workflow_bytes(workflow, sizes) + NODE_BYTES * nodes + of_values + of_runs


def _loop_bytes(task: Mapping[str, Any], template: Mapping[str, Any]) -> int:
    """What the nodes of a loop take. Of the texts, compression gains a quarter."""
    items = task["withItems"]
    texts = sum(len(text) for item in items for text in item.values())
    a_run = RUN_BYTES + GIVEN_BYTES * _values_in(template, ("inputs",))
    a_run += LEFT_BYTES * _values_in(template, ("outputs",))
    a_run += 2 * NODE_BYTES if "retryStrategy" in template else 0
    return a_run * len(items) + texts * 3 // 4


def _tasks_of(template: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    tasks: Sequence[Mapping[str, Any]] = template.get("dag", {}).get("tasks", ())
    return tasks


def workflow_bytes(workflow: Workflow, sizes: Sequence[int]) -> int:
    """What the controller stores when all has run, each task by a template of its own, and nothing is handed on.

    A try that is not the only one is a node of its own.
    """
    nodes = len(sizes) + sum(2 for job in workflow.jobs if job.retries)
    return sum(sizes) + TEMPLATE_OVERHEAD * len(sizes) + NODE_BYTES * nodes + WORKFLOW_OVERHEAD
