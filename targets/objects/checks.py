"""What several engines check alike. What they make of it, and what they say, is their own."""

from collections.abc import Callable, Iterable, Iterator

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Text, Workflow


def services_without_timeout(workflow: Workflow) -> Iterator[Diagnostic]:
    """The services without a deadline."""
    for service in workflow.services:
        if service.rollout_deadline is None:
            message = (
                f'the service "{service.step}" has no `timeout`: '
                "a rollout that never gets ready keeps the run waiting"
            )
            help = "give `timeout`, for instance `timeout: 10m`"
            yield Diagnostic(Code.NO_DEADLINE, message, service.span, help)


def images_without_entrypoint(
    workflow: Workflow, code: Code, message: str, help: str
) -> Iterator[Diagnostic]:
    """The jobs that leave it to their image what it starts. The message has `{image}` where it names it."""
    for job in workflow.jobs:
        if job.project is None and not job.command.entrypoint:
            yield Diagnostic(code, message.format(image=job.image), job.place("image"), help)


def annotations_of(workflow: Workflow) -> Iterator[Text]:
    """Those of the workflow, and those of its steps."""
    yield from workflow.annotations.values()
    for task in workflow.tasks:
        yield from task.annotations.values()


def unsafe_texts(texts: Iterable[Text], why_not: Callable[[str], str | None]) -> Iterator[Diagnostic]:
    """The texts beside a container that would not arrive as they are written, since nothing escapes them there."""
    for text in texts:
        if message := why_not(text.literal):
            yield Diagnostic(Code.CANNOT_SAY, message, text.span, help="write it in another way")
