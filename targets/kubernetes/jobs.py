"""The Job of a step: as it is, where nothing has to wait, and as a template from which the coordinator makes it."""

from automl.compiler.ir import Git, Task, Workflow
from automl.compiler.names import with_suffix
from automl.targets.code import Files
from automl.targets.metadata import Object, labels, metadata, task_annotations, workflow_annotations
from automl.targets.pods import POD_SECURITY, checkout_container, container, volumes

LONGEST_CRON_JOB_NAME = 52  # Kubernetes appends the time of a run to it
NEVER = "0 0 1 1 *"  # a CronJob must have a schedule, also one that is suspended
HASH = "automl.dev/hash"


def job_spec(workflow: Workflow, task: Task, files: Files) -> Object:
    """The `spec` of the Job: one pod a try, each stopped after the deadline."""
    spec: Object = {"restartPolicy": "Never", "automountServiceAccountToken": False}
    if task.deadline is not None:
        spec["activeDeadlineSeconds"] = task.deadline
    spec["securityContext"] = POD_SECURITY
    if task.pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in task.pull_secrets]
    if task.project and isinstance(workflow.code, Git):
        spec["initContainers"] = [checkout_container(workflow)]
    spec["containers"] = [container(task, files.texts)]
    spec["volumes"] = volumes(files, in_project=task.project is not None)
    return {"backoffLimit": task.retries, "template": {"metadata": notes(workflow, task), "spec": spec}}


def notes(workflow: Workflow, task: Task | None = None) -> Object:
    """Labels and annotations of what is made of a template."""
    found: Object = {"labels": labels(workflow, task)}
    if annotations := workflow_annotations(workflow) | task_annotations(task):
        found["annotations"] = annotations
    return found


def template_name(workflow: Workflow, task: Task) -> str:
    """The name of the template of a step; it never changes."""
    return with_suffix(workflow.name, task.name, LONGEST_CRON_JOB_NAME)


def template(workflow: Workflow, task: Task, spec: Object, mark: str) -> Object:
    """A CronJob that never fires: `kubectl create job --from=cronjob/…` runs the step by itself."""
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": metadata(template_name(workflow, task), workflow, task, {HASH: mark}),
        "spec": {
            "schedule": NEVER,
            "suspend": True,
            "jobTemplate": {"metadata": notes(workflow, task), "spec": spec},
        },
    }
