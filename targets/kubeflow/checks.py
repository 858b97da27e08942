"""What Kubeflow cannot say, or says otherwise: its server finds most of it late, or drops it in silence."""

from collections.abc import Iterator, Sequence
from typing import Any

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Bundle, Job, OutputOf, Service, Task, Workflow
from automl.targets.dag.limits import MAX_WORKFLOW_BYTES
from automl.targets.kubeflow.mounts import can_be_volume
from automl.targets.kubeflow.native import MAX_CONCURRENCY, six_fields
from automl.targets.kubeflow.parameters import of_fixed_parameters
from automl.targets.kubeflow.parts import Parts, parts_of
from automl.targets.kubeflow.pipeline import Pipeline
from automl.targets.kubeflow.quoting import is_broken, is_misread
from automl.targets.kubeflow.sizes import sizes_of
from automl.targets.kubeflow.trial_checks import FEWER_TRIALS, most_swept, of_trials, runs_of
from automl.targets.objects.checks import (
    annotations_of,
    images_without_entrypoint,
    services_without_timeout,
    unsafe_texts,
)
from automl.targets.objects.config_maps import MAX_OBJECT_BYTES
from automl.targets.objects.escape import has_template_tag
from automl.targets.objects.json import size_of
from automl.targets.objects.metadata import Object
from automl.targets.objects.resources import unknown_models

MAX_DESCRIPTION = 1024
MAX_ARGUMENT_BYTES = 120 * 1024
"""As JSON: the driver gets a container, and a DAG, as one argument of its process, which may have 128 KiB."""
_UTC = ("UTC", "Etc/UTC")
NEARLY, SURELY = 0.95, 1.15  # of the size of a run that is too large: what is known of it is not exact
_WITHOUT_BUNDLE = "use `-t kubeflow-native`, `code: {git: …}`, or `code: {bundle: {exclude: […]}}`"


def of_pipeline(workflow: Workflow, is_kubernetes: bool = True) -> Iterator[Diagnostic]:
    """What a pipeline cannot say."""
    if workflow.description and len(workflow.description.literal) > MAX_DESCRIPTION:
        message = f"a description may have {MAX_DESCRIPTION} characters in Kubeflow"
        yield Diagnostic(Code.CANNOT_SAY, message, workflow.description.span, "write a shorter one")
    if is_kubernetes:
        yield from unsafe_texts(annotations_of(workflow), _why_no_annotation)
    message = 'Kubeflow does not start the image "{image}" by its own entrypoint'
    help = "give `entrypoint`, the command of the image"
    yield from images_without_entrypoint(workflow.jobs, Code.CANNOT_SAY, message, help)
    if is_kubernetes:
        yield from unknown_models(workflow)
        for job in workflow.jobs:
            yield from _whole_secrets(job)
    for service in workflow.services:
        yield from _files_taken(service)
    yield from of_fixed_parameters(workflow)
    yield from of_trials(workflow)
    yield from services_without_timeout(workflow)


def _why_no_annotation(text: str) -> str | None:
    if is_misread(text):
        what = "`{{`" if has_template_tag(text) else "U+007F, or a rare character beyond U+FFFF"
        return f"an annotation cannot hold {what}: Argo, which runs the pipeline, reads it as something else"
    if is_broken(text):
        return (
            "an annotation cannot hold `$` before a character that is not ASCII: Kubernetes breaks it on the way "
            "through the pod of Kubeflow's driver, which then fails"
        )
    return None


def _files_taken(service: Service) -> Iterator[Diagnostic]:
    """Files are artifacts, which Kubeflow brings to its own tasks; the pods of a service are none, and outlive the run."""
    sources = (reference.source for reference in service.values)
    files = dict.fromkeys(
        source for source in sources if isinstance(source, OutputOf) and source.type.is_file
    )
    if files:
        names = ", ".join(f'"{source.output}" of "{source.task}"' for source in files)
        what = "the file" if len(files) == 1 else "the files"
        message = f'the service "{service.step}" cannot take {what} {names}: Kubeflow brings files to the tasks of a run only'
        help = "let a job put it where the service loads it from, and hand on the address as a value"
        yield Diagnostic(Code.CANNOT_SAY, message, service.place("inputs"), help)


def _whole_secrets(task: Job) -> Iterator[Diagnostic]:
    """All keys of a Secret come as files, which the start script of a project makes variables of."""
    for secret in task.secrets:
        if secret.keys is not None or (task.project and can_be_volume(secret.name)):
            continue
        message = f'Kubeflow has no way to take all keys of the secret "{secret.name}"'
        message += ", whose name cannot be that of a volume" if task.project else " for an image"
        help = f"name them: `secrets: [{{name: {secret.name}, keys: {{KEY_OF_THE_SECRET: VARIABLE}}}}]`"
        yield Diagnostic(Code.CANNOT_SAY, message, secret.span, help)


def of_rights(workflow: Workflow) -> Iterator[Diagnostic]:
    """The rights that the pods of a package need, for which it holds no objects."""
    for service in workflow.services:
        kinds = ["Deployment", "Service"]
        kinds += ["Ingress"] if service.ingress else []
        kinds += ["ConfigMap"] if service.project else []
        message = (
            f"the account that runs the pipeline must be allowed to apply the "
            f'{", ".join(kinds[:-1])} and {kinds[-1]} of "{service.step}"'
        )
        help = "docs/targets/kubeflow.md shows the Role; `-t kubeflow-native` makes it"
        yield Diagnostic(Code.NEEDS_RIGHTS, message, service.span, help)


def help_on_schedule(workflow: Workflow) -> str:
    """How to have the schedule of a package. Kubeflow takes six fields: it reads five as others than they are."""
    schedule = workflow.schedule
    assert schedule is not None
    most = MAX_CONCURRENCY.get(schedule.concurrency, "1")
    options = f'--cron-expression "{six_fields(schedule)}" --max-concurrency {most}'
    options += " --disabled" if schedule.suspend else ""
    help = f"use `kfp recurring-run create {options} …`"
    other_zone = schedule.timezone not in _UTC
    if other_zone:
        help += (
            f"; the times are in the zone of the installation, UTC unless it was set, not {schedule.timezone}"
        )
    if schedule.concurrency not in MAX_CONCURRENCY:
        help += "; a recurring run never stops a run"
    elif not other_zone:
        help = f"compile with `-t kubeflow-native`, or {help}"
    return help


def of_schedule(workflow: Workflow) -> Iterator[Diagnostic]:
    """What a recurring run cannot say."""
    schedule = workflow.schedule
    if schedule is None:
        return
    if schedule.timezone not in _UTC:
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


def of_sizes(workflow: Workflow, pipeline: Pipeline, is_kubernetes: bool = True) -> list[Diagnostic]:
    """What is too large for an argument of the driver, or else for the object that Argo keeps a run in."""
    parts = parts_of(pipeline)
    diagnostics = [*_arguments(workflow, pipeline, parts)]
    return diagnostics if diagnostics or not is_kubernetes else [*_workflow_object(workflow, pipeline, parts)]


def _arguments(workflow: Workflow, pipeline: Pipeline, parts: Parts) -> Iterator[Diagnostic]:
    for label, container in parts.containers.items():
        size = max(len(text.encode()) for text in (container, parts.configs.get(label, "")))
        if size > MAX_ARGUMENT_BYTES:
            task = pipeline.tasks.get(label)
            yield _task_too_large(task, size) if task else _code_too_large(workflow, size)
    size = max(len(component.encode()) for component in parts.components.values())
    if size > MAX_ARGUMENT_BYTES:
        most = most_swept(workflow)
        runs = f'of which "{most.step}" has {runs_of(most):,} runs' if most else ""
        of_trials = f", and the lists of trials, {runs}," if most else ","
        message = (
            f"the tasks of one DAG, with what they wait for{of_trials} take {size // 1024} KiB; "
            f"Kubeflow passes on {MAX_ARGUMENT_BYTES // 1024} KiB"
        )
        help = FEWER_TRIALS if most else "use shorter names, or several workflows"
        yield Diagnostic(Code.CANNOT_SAY, message, most.place("sweep") if most else workflow.span, help)


def _workflow_object(workflow: Workflow, pipeline: Pipeline, parts: Parts) -> Iterator[Diagnostic]:
    start, end = sizes_of(pipeline, parts, int(NEARLY * MAX_WORKFLOW_BYTES))
    if end < NEARLY * MAX_WORKFLOW_BYTES:
        return
    most = most_swept(workflow)
    of_trials = f', of which "{most.step}" has {runs_of(most):,} runs,' if most else ""
    message = (
        f"a run of the {len(workflow.tasks)} steps{of_trials} takes some {round(end / 10_240)}0 KiB in Argo; "
        f"one that passes {MAX_WORKFLOW_BYTES // 1024} KiB ends with an error, as it is usually set up"
    )
    code = Code.CANNOT_SAY if max(start, end / SURELY) > MAX_WORKFLOW_BYTES else Code.ENGINE_LIMIT
    span, help = workflow.span, "split it into several workflows"
    if most:
        span, help = most.place("sweep"), FEWER_TRIALS
    of_bundle = sum(5 * size_of(container) for container in _containers_of_code(pipeline))
    if isinstance(workflow.code, Bundle) and of_bundle > end / 4:  # each container is kept five times
        code = Code.CANNOT_SAY if end > MAX_WORKFLOW_BYTES else code
        span, help = workflow.code.span, _WITHOUT_BUNDLE
    yield Diagnostic(code, message, span, help)


def _containers_of_code(pipeline: Pipeline) -> list[Object]:
    """What makes the code has no task."""
    executors: Any = pipeline.spec["deploymentSpec"]
    return [
        executor["container"]
        for label, executor in executors["executors"].items()
        if label not in pipeline.tasks
    ]


def _code_too_large(workflow: Workflow, size: int) -> Diagnostic:
    message = (
        f"the project's files take {size // 1024} KiB in one task; "
        f"Kubeflow passes on {MAX_ARGUMENT_BYTES // 1024} KiB"
    )
    span = workflow.code.span if workflow.code else workflow.span
    return Diagnostic(Code.CANNOT_SAY, message, span, _WITHOUT_BUNDLE)


def _task_too_large(task: Task, size: int) -> Diagnostic:
    message = (
        f'the task of "{task.step}" takes {size // 1024} KiB; '
        f"Kubeflow passes on {MAX_ARGUMENT_BYTES // 1024} KiB"
    )
    return Diagnostic(Code.CANNOT_SAY, message, task.span, "put what is long into a file of the project")


def of_version_object(workflow: Workflow, documents: Sequence[Object]) -> Iterator[Diagnostic]:
    """A PipelineVersion that `kubectl apply` cannot keep a copy of."""
    size = max(size_of(document) for document in documents if document["kind"] == "PipelineVersion")
    if size > MAX_OBJECT_BYTES:
        message = f"the PipelineVersion takes {size // 1024} KiB, too much for a plain `kubectl apply`"
        yield Diagnostic(Code.ENGINE_LIMIT, message, workflow.span, help="use `kubectl apply --server-side`")
