"""The pod of a task, alike for every engine on Kubernetes, and allowed under `restricted`."""

from collections.abc import Iterable

from automl.compiler.ir import Job, Service, Task, Workflow
from automl.targets.objects.checkout import checkout_container
from automl.targets.objects.config_maps import Files
from automl.targets.objects.container import container
from automl.targets.objects.disks import disk_mounts, disks, has_claim, on_one_node
from automl.targets.objects.escape import NO_TEXTS
from automl.targets.objects.metadata import Object
from automl.targets.objects.placement import placed
from automl.targets.objects.resources import model_label, shm_volume
from automl.targets.objects.security import pod_security
from automl.targets.objects.start import Given
from automl.targets.objects.volumes import volumes
from automl.targets.writers.yaml import Value


def pod_spec(workflow: Workflow, task: Task, files: Files, given: Given) -> Object:
    """What every pod of a task has: a Deployment's and a Job's as it is; Argo puts parts of it elsewhere."""
    is_service = isinstance(task, Service)  # no engine looks into the pods of one
    texts = NO_TEXTS if is_service else files.texts
    spec: Object = {"securityContext": pod_security(has_claim(workflow, task), task.run_as)}
    if task.pull_secrets:
        spec["imagePullSecrets"] = pull_secrets(task.pull_secrets)
    spec |= placed(task.placement, model_label(task.resources)) | on_one_node(workflow, task)
    if task.project and files.git:
        spec["initContainers"] = [checkout_container(workflow, files.git, runs_as_image(task))]
    spec["containers"] = [container(task, texts, given, disk_mounts(workflow, task))]
    folders = volumes(files, in_project=task.project is not None)
    spec["volumes"] = [*folders, *shm_volume(task.resources), *disks(workflow, [task])]
    return spec


def runs_as_image(task: Task) -> bool:
    """Whether who runs in the pod of a task is a matter of its images."""
    return task.run_as is not None and task.run_as.image


def account(workflow: Workflow, task: Task) -> Object:
    """Who the pods of a task are in the cluster. Only an account that the step names is given its token.

    The pods of a service are no part of a run.
    """
    if task.service_account:
        return {"serviceAccountName": task.service_account}
    of_run = workflow.service_account if isinstance(task, Job) else None
    return ({"serviceAccountName": of_run} if of_run else {}) | {"automountServiceAccountToken": False}


def pull_secrets(names: Iterable[str]) -> list[Value]:
    """The Secrets with which images are pulled, each once."""
    return [{"name": name} for name in dict.fromkeys(names)]
