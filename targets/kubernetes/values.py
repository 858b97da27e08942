"""What steps hand to each other, by the coordinator: values in the last words of a pod, files on the workspace."""

from typing import Any

from automl.compiler.ir import Job, OfRun, OutputOf, Reference, Task, Workflow
from automl.targets.objects.metadata import Object
from automl.targets.objects.start import Given, placeholders
from automl.targets.writers.yaml import Value

MESSAGE = (
    "/dev/termination-log"  # Kubernetes keeps in the status of the pod what a container has written there
)
JOB: Object = {
    "name": "AUTOML_JOB",
    "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['batch.kubernetes.io/job-name']"}},
}


def has_values(workflow: Workflow) -> bool:
    """Whether somebody has to see to values of a run."""
    return any(sources(task) or (isinstance(task, Job) and values_of(task)) for task in workflow.tasks)


def sources(task: Task) -> dict[str, dict[str, Any]]:
    """The variables of a task that the coordinator fills, each with where it finds the value."""
    return {reference.variable: _source(reference) for reference in task.values if reference.known is None}


def _source(reference: Reference) -> dict[str, Any]:
    source = reference.source
    if isinstance(source, OfRun):
        return {"run": str(source)}
    assert isinstance(source, OutputOf)
    named = {"task": source.task, "output": source.output}
    return named | {"file": True} if source.type.is_file else named


def values_of(job: Job) -> list[str]:
    """The outputs of a job that are values."""
    return [output.name for output in job.outputs if not output.type.is_file]


def given(workflow: Workflow, job: Job) -> Given:
    """What the coordinator fills, and where the start script puts what the job leaves: one try after the other there."""
    if job.project is None:
        return placeholders(job)
    return Given([*places(job), *placeholders(job).variables], left(workflow, job))


def is_collected(job: Job) -> bool:
    """Whether nothing in the container of a job itself could look after what it leaves."""
    return job.project is None and bool(job.outputs)


def collected_jobs(workflow: Workflow) -> list[Job]:
    """The jobs whose outputs another container looks after."""
    return [job for job in workflow.jobs if is_collected(job)]


def places(job: Job) -> list[Value]:
    """The variable in the place of the files of a job."""
    return [JOB] if any(output.type.is_file for output in job.outputs) else []


def left(workflow: Workflow, job: Job) -> list[str]:
    """Where the start script puts what a job leaves."""
    options: list[str] = []
    for output in job.outputs:
        if output.type.is_file and workflow.workspace:
            place = f"{workflow.workspace.path}/runs/$({JOB['name']})/{output.name}"
            options += ["--to", f"{output.name}={place}"]
    return [*options, "--message", MESSAGE] if values_of(job) else options
