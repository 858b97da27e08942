"""What Argo cannot say, or says otherwise: found before it is emitted, with the place in the config."""

from collections.abc import Iterator, Sequence

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Task, Text, Workflow
from automl.targets import capabilities
from automl.targets.argo.capabilities import CAPABILITIES
from automl.targets.argo.shelves import MAX_TEMPLATE_BYTES
from automl.targets.metadata import Object
from automl.targets.services import endless

MAX_WORKFLOW_BYTES = 1024 * 1024
"""What Argo's controller stores of a Workflow at most, its status too (workflow/packer/packer.go). The templates that a
run uses are copied into it; when all of it is too large, the state of the nodes is compressed, and nothing else."""
TEMPLATE_OVERHEAD, NODE_BYTES, WORKFLOW_OVERHEAD = 100, 80, 8 * 1024
"""Bytes, measured on 3.7: what a copy of a template has besides, a node once compressed, and all the rest."""

MAX_ARGUMENT_BYTES = 120 * 1024
"""All words of a command. Beyond 128 KiB Argo moves them where Kubernetes no longer expands `$(NAME)`."""


def has_template_tag(text: str) -> bool:
    """Whether Argo would take a part of the text for a template tag; it knows no escape."""
    return "{{" in text


def findings(workflow: Workflow) -> Iterator[Diagnostic]:
    """What is to be said about a workflow before anything is made of it."""
    yield from capabilities.findings(workflow, CAPABILITIES)
    yield from endless(workflow)
    described = [workflow.description] if workflow.description else []
    for text in (*described, *workflow.annotations.values()):
        yield from _annotation(text)
    for task in workflow.tasks:
        yield from _of_task(task)


def _of_task(task: Task) -> Iterator[Diagnostic]:
    for text in task.annotations.values():
        yield from _annotation(text)
    words = (*(task.command.entrypoint or ()), *task.command.arguments) if task.service is None else ()
    size = sum(len(word.value.encode()) for word in words)
    if size > MAX_ARGUMENT_BYTES:
        message = (
            f"the command has {size // 1024} KiB; Argo passes on {MAX_ARGUMENT_BYTES // 1024} KiB as written"
        )
        yield Diagnostic(
            Code.CANNOT_SAY, message, words[0].span, help="put what is long into a file of the project"
        )
    if task.service is None and not task.command.entrypoint and task.project is None:
        yield _no_entrypoint(task)


def _annotation(text: Text) -> Iterator[Diagnostic]:
    if has_template_tag(text.value):
        message = "a description or annotation cannot hold `{{`: Argo takes it for a template tag, and knows no escape"
        yield Diagnostic(Code.CANNOT_SAY, message, text.span, help="write it in another way")


def _no_entrypoint(task: Task) -> Diagnostic:
    return Diagnostic(
        Code.HINT_LOST,
        f'Argo has to look up in the registry what the image "{task.image}" starts',
        task.spans.get("image", task.span),
        help="give `entrypoint`, the command of the image, so that it need not",
    )


def too_long(workflow: Workflow, templates: Sequence[Object], sizes: Sequence[int]) -> Iterator[Diagnostic]:
    """Steps that fit into no object, and services of which one does not fit into a word of a command.

    `templates`, and their `sizes` in bytes, begin with those of the tasks.
    """
    for task, template, size in zip(workflow.tasks, templates, sizes, strict=False):
        longest = _longest_word(template) if task.service else 0
        if longest > MAX_ARGUMENT_BYTES:
            what = f'an object of the service "{task.step}" takes {longest // 1024} KiB'
            yield _too_long(task, what, MAX_ARGUMENT_BYTES)
        elif size > MAX_TEMPLATE_BYTES:
            yield _too_long(task, f'the step "{task.step}" takes {size // 1024} KiB', MAX_TEMPLATE_BYTES)


def _longest_word(template: Object) -> int:
    main = template["container"]
    assert isinstance(main, dict)
    return max(len(word.encode()) for word in main["args"])


def _too_long(task: Task, what: str, limit: int) -> Diagnostic:
    message = f"{what} in Argo; the limit is {limit // 1024} KiB"
    return Diagnostic(Code.CANNOT_SAY, message, task.span, help="put what is long into a file of the project")


def check_size(workflow: Workflow, sizes: Sequence[int]) -> Iterator[Diagnostic]:
    """A workflow that Argo's controller would give up when it runs, long after it was applied.

    `sizes` are the bytes of its templates.
    """
    size = workflow_bytes(workflow, sizes)
    if size > MAX_WORKFLOW_BYTES:
        message = (
            f"the workflow takes {size // 1024} KiB in Argo; the limit is {MAX_WORKFLOW_BYTES // 1024} KiB "
            f"({len(workflow.tasks)} steps)"
        )
        yield Diagnostic(Code.CANNOT_SAY, message, workflow.span, help="split it into several workflows")


def workflow_bytes(workflow: Workflow, sizes: Sequence[int]) -> int:
    """What the controller stores when all has run. A try that is not the only one is a node of its own."""
    nodes = len(sizes) + sum(2 for task in workflow.tasks if task.retries)
    return sum(sizes) + TEMPLATE_OVERHEAD * len(sizes) + NODE_BYTES * nodes + WORKFLOW_OVERHEAD
