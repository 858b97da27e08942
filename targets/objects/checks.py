"""What several engines check alike. What they make of it, and what they say, is their own."""

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations, product

from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.graph import upstream
from automl.compiler.ir import Job, Service, Task, Text, Workflow
from automl.targets.objects.disks import needs_node
from automl.targets.objects.json import canonical
from automl.targets.objects.placement import selector
from automl.targets.objects.resources import model_label
from automl.targets.objects.stream import Documents
from automl.targets.writers.yaml import Value

Selector = frozenset[tuple[str, Value]]
"""Labels that a node must have."""


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


def rights_of_account(workflow: Workflow, rights: str, page: str) -> Iterator[Diagnostic]:
    """What the account that the config names must be allowed to, since no objects give it rights."""
    if workflow.service_account:
        rights += " and apply the objects of services" if workflow.services else ""
        message = f'the service account "{workflow.service_account}" must be allowed to {rights}'
        help = f"{page} shows the Role; without `service_account` it is in the output"
        place = workflow.spans.get("service_account", workflow.span)
        yield Diagnostic(Code.NEEDS_RIGHTS, message, place, help)


def unused_registry(workflow: Workflow, documents: Documents) -> Iterator[Diagnostic]:
    """A registry of images that the output does not have."""
    registry = workflow.image_registry
    if registry and f"{registry.rstrip('/')}/" not in canonical([*documents()]):
        message = '"image_registry" is not needed: the output has no image but those that you name'
        place = workflow.spans.get("image_registry", workflow.span)
        yield Diagnostic(Code.NOT_NEEDED, message, place, "remove it, or leave it for other targets")


def images_without_entrypoint(
    jobs: Iterable[Job], code: Code, message: str, help: str
) -> Iterator[Diagnostic]:
    """Those of the jobs that leave it to their image what it starts. The message has `{image}` where it names it."""
    for job in jobs:
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


def kept_from_one_node(workflow: Workflow) -> Iterator[Diagnostic]:
    """Steps that run at a time, share a disk that one node may have, and are sent to different nodes."""
    groups: dict[Selector, list[Task]] = {}
    for task in workflow.tasks:
        if needs_node(workflow, task):
            labels = frozenset((selector(task.placement) | model_label(task.resources)).items())
            groups.setdefault(labels, []).append(task)
    before = upstream(workflow.nodes) if len(groups) > 1 else {}
    place = {node.name: number for number, node in enumerate(workflow.nodes)}
    for one, other in combinations(groups, 2):
        pairs = list(product(groups[one], groups[other]))
        lasting = [pair for pair in pairs if any(isinstance(task, Service) for task in pair)]
        if lasting:  # a service runs along with all that comes later, and with the next run
            yield _kept_apart(*lasting[0], never=_conflict(one, other))
            continue
        for first, second in pairs:
            follows = before[first.name] >> place[second.name] | before[second.name] >> place[first.name]
            if not follows & 1:
                yield _kept_apart(first, second, never=False)
                break


def _conflict(one: Selector, other: Selector) -> bool:
    """Whether no node has the labels of both."""
    first, second = dict(one), dict(other)
    return any(first[key] != second[key] for key in first.keys() & second.keys())


def _kept_apart(first: Task, second: Task, never: bool) -> Diagnostic:
    """A job waits for another to end; for a service, which does not end, it would wait for ever."""
    message = (
        f'"{second.step}" and "{first.step}" share a disk that one node has at a time (`ReadWriteOnce`), but not their '
        f"`node_selector`: {'one of them would never start' if never else 'one may wait until the other has ended'}"
    )
    help = "give the disk `access: ReadWriteMany`, or both steps the same `node_selector`"
    related = (Related(f'"{first.step}" runs elsewhere', first.place("node_selector")),)
    code = Code.CANNOT_SAY if never else Code.ENGINE_LIMIT
    return Diagnostic(code, message, second.place("node_selector"), help, related)
