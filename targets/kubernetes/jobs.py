"""The Job of a step: as it is, where nothing has to wait, and as a template from which the coordinator makes it."""

from collections.abc import Mapping
from typing import Any

from automl.compiler.ir import Job, Service, Task, Workflow
from automl.compiler.values.dns import member
from automl.targets.kubernetes.gathering import gathering
from automl.targets.kubernetes.store import client_variables, fetching, puts
from automl.targets.kubernetes.values import given, is_collected, left, places
from automl.targets.objects.collecting import DEFAULT_CONTAINER, Collecting, collected
from automl.targets.objects.config_maps import Files
from automl.targets.objects.disks import node_labels
from automl.targets.objects.metadata import Object, Objects, hashed_name, with_annotations, with_labels
from automl.targets.objects.pod import account, pod_spec
from automl.targets.objects.pod_patch import patch_of, patched

LONGEST_CRON_JOB_NAME = 52  # Kubernetes appends the time of a run to it
NEVER = "0 0 1 1 *"  # a CronJob must have a schedule, also one that is suspended
HASH = "automl.dev/hash"


def job_spec(objects: Objects, task: Job, files: Files, is_alone: bool = False) -> Object:
    """The `spec` of the Job: one pod a try, each stopped after the deadline."""
    spec: Object = {"restartPolicy": "Never", **account(objects.workflow, task)}
    if task.deadline is not None:
        spec["activeDeadlineSeconds"] = task.deadline
    workflow = objects.workflow
    pod = with_files(objects, task, pod_spec(workflow, task, files, given(workflow, task, is_alone)))
    if is_collected(workflow, task):
        pod = collected(objects, task, pod, _collecting(workflow, task, pod))
    template = with_labels(
        objects.template(patched({**spec, **pod}, patch_of(task.options(objects.target))), task),
        node_labels(workflow, task),
    )
    if is_collected(workflow, task):
        template = with_annotations(template, DEFAULT_CONTAINER)
    return {"backoffLimit": task.retries, "template": template}


def with_files(objects: Objects, task: Task, pod: Mapping[str, Any]) -> Mapping[str, Any]:
    """The pod, with what brings files to where its container looks for them."""
    return gathering(objects, task, fetching(objects, task, pod))


def _collecting(workflow: Workflow, task: Job, pod: Mapping[str, Any]) -> Collecting:
    variables = places(workflow, task)
    if workflow.store and puts(workflow, task):
        [step] = pod["containers"]
        variables += client_variables(workflow.store, step.get("env", []))
    return Collecting(left(workflow, task), variables, for_store=workflow.store is not None)


def deployment_with_files(objects: Objects, service: Service, deployment: Object) -> Object:
    """The Deployment of a service, each pod of which finds them."""
    spec: Any = deployment["spec"]
    pod = with_files(objects, service, spec["template"]["spec"])
    return {**deployment, "spec": spec | {"template": spec["template"] | {"spec": pod}}}


def alone(objects: Objects, task: Job, files: Files) -> Object:
    """The Job of a step for which nothing has to wait, and which waits for nothing."""
    spec = job_spec(objects, task, files, is_alone=True)
    name = hashed_name(member(objects.workflow.name, task.name), spec)
    return objects.object("batch/v1", "Job", name, {"spec": spec}, task)


def template_name(workflow: Workflow, task: Job) -> str:
    """The name of the template of a step; it never changes."""
    return member(workflow.name, task.name, LONGEST_CRON_JOB_NAME)


def template(objects: Objects, task: Job, spec: Object, digest: str) -> Object:
    """A CronJob that never fires: `kubectl create job --from=cronjob/…` runs the step by itself."""
    name, job = template_name(objects.workflow, task), objects.template(spec, task)
    never: Object = {"schedule": NEVER, "suspend": True, "jobTemplate": job}
    return with_annotations(
        objects.object("batch/v1", "CronJob", name, {"spec": never}, task), {HASH: digest}
    )
