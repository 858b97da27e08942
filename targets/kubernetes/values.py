"""What steps hand to each other: values in the last words of a pod, files on the workspace or by a store."""

from typing import Any

from automl.compiler.ir import Job, OfRun, Task, Workflow
from automl.targets.kubernetes.store import UID, fetches, left_for_putting, puts, putting
from automl.targets.objects.metadata import Object
from automl.targets.objects.start import Given, placeholders
from automl.targets.sources import is_taken, source_of
from automl.targets.writers.yaml import Value

MESSAGE = (
    "/dev/termination-log"  # Kubernetes keeps in the status of the pod what a container has written there
)
JOB: Object = {
    "name": "AUTOML_JOB",
    "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['batch.kubernetes.io/job-name']"}},
}


_TAG = source_of(OfRun.TAG)


def has_values(workflow: Workflow) -> bool:
    """Whether somebody has to see to values of a run."""
    return any(
        any(source != _TAG for source in sources(task).values())
        or (isinstance(task, Job) and (values_of(task) or task.trials))
        for task in workflow.tasks
    )


def sources(task: Task) -> dict[str, dict[str, Any]]:
    """The variables of a task that the coordinator fills, each with where it finds the value."""
    return {
        reference.variable: source_of(reference.source) for reference in task.values if is_taken(reference)
    }


def values_of(job: Job) -> list[str]:
    """The outputs of a job that are values."""
    return [output.name for output in job.outputs if not output.type.is_file]


def given(workflow: Workflow, job: Job, is_alone: bool) -> Given:
    """What the coordinator fills, and where the start script puts what the job leaves: one try after the other there.

    A Job that is alone is told of the run by a tag at most, and is that run.
    """
    filled = placeholders(job).variables
    if is_alone:
        filled = [JOB | {"name": reference.variable} for reference in job.values if reference.known is None]
    if job.project is None:
        return Given(filled)
    if is_collected(workflow, job):
        return Given(filled, list(left_for_putting(job)))
    return Given([*places(workflow, job), *filled], left(workflow, job))


def is_collected(workflow: Workflow, job: Job) -> bool:
    """Whether another container looks after what a job leaves: nothing in its own could, or has the keys of the store."""
    return bool(job.project is None and job.outputs) or puts(workflow, job)


def needs_program(workflow: Workflow) -> bool:
    """Whether a container of ours looks after what steps take or leave."""
    return any(is_collected(workflow, job) for job in workflow.jobs) or any(
        fetches(workflow, task) for task in workflow.tasks
    )


def places(workflow: Workflow, job: Job) -> list[Value]:
    """The variable in the place of the files of a job."""
    if puts(workflow, job):
        return [UID]
    return [JOB] if any(output.type.is_file for output in job.outputs) else []


def left(workflow: Workflow, job: Job) -> list[str]:
    """Where the start script puts what a job leaves."""
    options = list(putting(workflow.store, job)) if workflow.store else []
    for output in job.outputs:
        if output.type.is_file and workflow.store is None and workflow.workspace:
            place = f"{workflow.workspace.path}/runs/$({JOB['name']})/{output.name}"
            options += ["--to", f"{output.name}={place}"]
    return [*options, "--message", MESSAGE] if values_of(job) else options
