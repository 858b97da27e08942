"""The Job of a step: as it is, where nothing has to wait, and as a template from which the coordinator makes it."""

from automl.compiler.ir import Git, Task, Workflow
from automl.compiler.values.dns import member
from automl.targets.objects.config_maps import Files
from automl.targets.objects.metadata import Object, hashed_name, metadata, of_pods
from automl.targets.objects.pod import POD_SECURITY, checkout_container, container, volumes

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
    return {"backoffLimit": task.retries, "template": {"metadata": of_pods(workflow, task), "spec": spec}}


def alone(workflow: Workflow, task: Task, files: Files) -> Object:
    """The Job of a step for which nothing has to wait, and which waits for nothing."""
    spec = job_spec(workflow, task, files)
    name = hashed_name(member(workflow.name, task.name), spec)
    meta = metadata(name, workflow, task)
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": spec}


def template_name(workflow: Workflow, task: Task) -> str:
    """The name of the template of a step; it never changes."""
    return member(workflow.name, task.name, LONGEST_CRON_JOB_NAME)


def template(workflow: Workflow, task: Task, spec: Object, mark: str) -> Object:
    """A CronJob that never fires: `kubectl create job --from=cronjob/…` runs the step by itself."""
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": metadata(template_name(workflow, task), workflow, task, {HASH: mark}),
        "spec": {
            "schedule": NEVER,
            "suspend": True,
            "jobTemplate": {"metadata": of_pods(workflow, task), "spec": spec},
        },
    }
