"""What Kubeflow cannot say, or says otherwise: its server finds most of it late, or drops it in silence."""

from collections.abc import Iterator, Sequence

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Bundle, Task, Text, Workflow
from automl.compiler.target import Capabilities, Support
from automl.targets.capabilities import findings
from automl.targets.code import MAX_OBJECT_BYTES
from automl.targets.kubeflow.native import MAX_CONCURRENCY, six_fields
from automl.targets.kubeflow.pipeline import Pipeline
from automl.targets.kubeflow.words import is_misread
from automl.targets.metadata import Object, canonical
from automl.targets.services import endless

MAX_DESCRIPTION = 1024
MAX_CONTAINER_BYTES = 120 * 1024
"""As JSON: the driver gets a container, and a DAG, as one argument of its process, which may have 128 KiB."""
MAX_WORKFLOW_BYTES = 1536 * 1024  # of what the backend makes of a pipeline: the most that etcd takes


def of_pipeline(workflow: Workflow, capabilities: Capabilities) -> Iterator[Diagnostic]:
    """What a pipeline cannot say; `capabilities` are those of its form."""
    yield from findings(workflow, capabilities)
    if workflow.description and len(workflow.description.value) > MAX_DESCRIPTION:
        message = f"a description may have {MAX_DESCRIPTION} characters in Kubeflow"
        yield Diagnostic(Code.CANNOT_SAY, message, workflow.description.span, "write a shorter one")
    for text in workflow.annotations.values():
        yield from _annotation(text)
    for task in workflow.tasks:
        for text in task.annotations.values():
            yield from _annotation(text)
        if task.service is None:
            yield from _no_entrypoint(task)
            if capabilities["step.secrets"].support is Support.PARTLY:
                yield from _whole_secrets(task)
    yield from endless(workflow)


def _annotation(text: Text) -> Iterator[Diagnostic]:
    if is_misread(text.value):
        what = "`{{`" if "{{" in text.value else "U+007F, or a rare character beyond U+FFFF"
        message = (
            f"an annotation cannot hold {what}: Argo, which runs the pipeline, reads it as something else"
        )
        yield Diagnostic(Code.CANNOT_SAY, message, text.span, help="write it in another way")


def _whole_secrets(task: Task) -> Iterator[Diagnostic]:
    for secret in task.secrets:
        if secret.keys is None:
            message = f'Kubeflow has no way to take all keys of the secret "{secret.name}"'
            help = f"name them: `secrets: [{{name: {secret.name}, keys: {{KEY_OF_THE_SECRET: VARIABLE}}}}]`"
            yield Diagnostic(Code.CANNOT_SAY, message, secret.span, help)


def _no_entrypoint(task: Task) -> Iterator[Diagnostic]:
    if task.project is None and not task.command.entrypoint:
        message = f'Kubeflow does not start the image "{task.image}" by its own entrypoint'
        help = "give `entrypoint`, the command of the image"
        yield Diagnostic(Code.CANNOT_SAY, message, task.spans.get("image", task.span), help)


def of_rights(workflow: Workflow) -> Iterator[Diagnostic]:
    """The rights that the pods of a package need, for which it holds no objects."""
    for task in workflow.tasks:
        if task.service is not None:
            kinds = ["Deployment", "Service"]
            kinds += ["Ingress"] if task.service.ingress else []
            kinds += ["ConfigMap"] if task.project else []
            message = (
                f"the account that runs the pipeline must be allowed to apply the "
                f'{", ".join(kinds[:-1])} and {kinds[-1]} of "{task.step}"'
            )
            help = "docs/targets/kubeflow.md shows the Role; `-t kubeflow-native` makes it"
            yield Diagnostic(Code.NEEDS_RIGHTS, message, task.span, help)


def with_help_on_schedule(workflow: Workflow, capabilities: Capabilities) -> Capabilities:
    """The same, with the six fields that Kubeflow takes: it reads five as others than they are."""
    if workflow.schedule is None:
        return capabilities
    cron = six_fields(workflow.schedule)
    help = f'compile with `-t kubeflow-native`, or `kfp recurring-run create --cron-expression "{cron}" …`'
    return {**capabilities, "schedule": capabilities["schedule"]._replace(help=help)}


def of_schedule(workflow: Workflow) -> Iterator[Diagnostic]:
    """What a recurring run cannot say."""
    schedule = workflow.schedule
    if schedule is None:
        return
    if schedule.timezone not in ("UTC", "Etc/UTC"):
        message = f'"timezone" cannot be "{schedule.timezone}": a recurring run has no time zone of its own'
        help = (
            "leave `timezone` out and write the cron in UTC, which is the zone of an installation unless its "
            "CRON_SCHEDULE_TIMEZONE says otherwise"
        )
        yield Diagnostic(Code.CANNOT_SAY, message, workflow.spans["schedule.timezone"], help)
    if schedule.concurrency not in MAX_CONCURRENCY:
        message = f'"concurrency" cannot be "{schedule.concurrency}": a recurring run never stops a run'
        span = workflow.spans["schedule.concurrency"]
        yield Diagnostic(Code.CANNOT_SAY, message, span, "use `forbid` or `allow`")


def of_sizes(workflow: Workflow, made: Pipeline) -> Iterator[Diagnostic]:
    """What is too large for the driver, or for the cluster."""
    executors = made.spec["deploymentSpec"]
    assert isinstance(executors, dict)
    containers = [executor["container"] for executor in executors["executors"].values()]
    for container, task in zip(containers, [*workflow.tasks, None], strict=False):
        size = _size(container)
        if size > MAX_CONTAINER_BYTES:
            yield _too_large(workflow, task, size)
    steps = len(containers)
    size = _workflow_bytes(_size(made.spec) + _size(made.platform), steps)
    if size > MAX_WORKFLOW_BYTES:
        message = (
            f"Kubeflow makes some {size // 1024} KiB of the {steps} steps; "
            f"a cluster takes {MAX_WORKFLOW_BYTES // 1024} KiB as it is usually set up"
        )
        yield Diagnostic(Code.ENGINE_LIMIT, message, workflow.span, help="split it into several workflows")


def _workflow_bytes(pipeline: int, steps: int) -> int:
    """The size of the Workflow made of a pipeline; measured with the backend 2.17, and good to some 15 %."""
    return 11_000 + pipeline * 115 // 100 + 2_000 * steps


def _too_large(workflow: Workflow, task: Task | None, size: int) -> Diagnostic:
    """`task` is None for the task that makes the code. The objects of a service hold the project's files too."""
    limit = f"{MAX_CONTAINER_BYTES // 1024} KiB"
    if isinstance(workflow.code, Bundle) and (task is None or (task.service and task.project)):
        message = f"the project's files take {size // 1024} KiB in one task; Kubeflow passes on {limit}"
        help = "use `-t kubeflow-native`, `code: {git: …}`, or `code: {bundle: {exclude: […]}}`"
        return Diagnostic(Code.CANNOT_SAY, message, workflow.code.span, help)
    assert task is not None
    message = f'the task of "{task.step}" takes {size // 1024} KiB; Kubeflow passes on {limit}'
    return Diagnostic(Code.CANNOT_SAY, message, task.span, "put what is long into a file of the project")


def of_version_object(workflow: Workflow, objects: Sequence[Object]) -> Iterator[Diagnostic]:
    """A PipelineVersion that `kubectl apply` cannot keep a copy of."""
    size = max(_size(each) for each in objects if each["kind"] == "PipelineVersion")
    if size > MAX_OBJECT_BYTES:
        message = f"the PipelineVersion takes {size // 1024} KiB, too much for a plain `kubectl apply`"
        yield Diagnostic(Code.ENGINE_LIMIT, message, workflow.span, help="use `kubectl apply --server-side`")


def _size(found: Object) -> int:
    return len(canonical(found).encode())
