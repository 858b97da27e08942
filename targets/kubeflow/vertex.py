"""What Vertex AI Pipelines take less of than Kubeflow, by its documentation and by its Python package."""

import re
from collections.abc import Iterator

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Task, Workflow
from automl.compiler.patterns import regex
from automl.targets.kubeflow.native import MAX_CONCURRENCY

MAX_CPUS, MAX_MEMORY_GB, MAX_VARIABLES = 96, 624, 100
_NAME = regex(r"[a-z][-a-z0-9]*")  # of a job, which google-cloud-aiplatform makes of that of the pipeline
_VARIABLE = regex(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_REGISTRIES = regex(r"(.+\.)?(pkg\.dev|gcr\.io|docker\.io)")


def of_vertex(workflow: Workflow) -> Iterator[Diagnostic]:
    """What Vertex AI refuses when a run is created, or when it starts a step."""
    if not _NAME.fullmatch(workflow.name):
        message = (
            f'the name "{workflow.name}" cannot be that of a run of Vertex AI: it must start with a letter'
        )
        span = workflow.spans.get("name", workflow.span)
        yield Diagnostic(Code.CANNOT_SAY, message, span, "give a `name` that starts with a letter")
    for task in workflow.tasks:
        yield from _resources(task)
        yield from _variables(task)
        yield from _image(task)


def _resources(task: Task) -> Iterator[Diagnostic]:
    cpu, memory = task.resources.cpu, task.resources.memory
    if cpu.amount > MAX_CPUS * 1000:
        message = f"Vertex AI has no machine with {cpu.text} CPUs; the most is {MAX_CPUS}"
        yield Diagnostic(Code.CANNOT_SAY, message, task.place(task.resources.key("cpu")), "ask for less")
    if memory.amount > MAX_MEMORY_GB * 10**9:
        message = f"Vertex AI has no machine with {memory.text} of memory; the most is {MAX_MEMORY_GB} GB"
        yield Diagnostic(Code.CANNOT_SAY, message, task.place(task.resources.key("memory")), "ask for less")


def _variables(task: Task) -> Iterator[Diagnostic]:
    for variable in task.variables:
        if not _VARIABLE.fullmatch(variable.name):
            message = f'Vertex AI takes no variable with the name "{variable.name}"'
            help = "use letters, digits and `_`, no digit first"
            yield Diagnostic(Code.CANNOT_SAY, message, variable.value.span, help)
    if len(task.variables) >= MAX_VARIABLES:  # one is ours
        message = f'"{task.step}" has {len(task.variables)} variables; Vertex AI takes {MAX_VARIABLES - 1}'
        yield Diagnostic(Code.CANNOT_SAY, message, task.place("envs"), "put some into a file")


def _image(task: Task) -> Iterator[Diagnostic]:
    registry = task.image.partition("/")[0] if "/" in task.image else ""
    if not re.search("[.:]|^localhost$", registry) or _REGISTRIES.fullmatch(registry):
        return
    message = f'Vertex AI pulls from Artifact Registry and Docker Hub, not from "{registry}"'
    help = "copy the image to Artifact Registry, or make a remote repository there"
    yield Diagnostic(Code.ENGINE_LIMIT, message, task.place("image"), help)


def help_on_schedule(workflow: Workflow) -> str:
    """How to have the schedule there: five fields, with the time zone before them."""
    schedule = workflow.schedule
    assert schedule is not None
    cron = f"TZ={schedule.timezone} {schedule.cron.expression}"
    most = MAX_CONCURRENCY.get(schedule.concurrency, "1")
    given = f'cron="{cron}", display_name="{workflow.name}", max_concurrent_run_count={most}'
    help = f"when it is sent: `PipelineJob(…).create_schedule({given})`"
    help += ", and then `.pause()`" if schedule.suspend else ""
    return help + ("; a schedule there never stops a run" if schedule.concurrency == "replace" else "")
