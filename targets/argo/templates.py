"""The template of one task: the container of a job, or the one that applies the objects of a service."""

from automl.compiler.ir import PYTHON_IMAGE, Git, Task, Workflow
from automl.runtime import script
from automl.targets.argo.rbac import deployer_name
from automl.targets.objects.config_maps import Files, config_map
from automl.targets.objects.escape import in_json
from automl.targets.objects.metadata import Object, Objects, name_of, step_metadata
from automl.targets.objects.pod import CONTAINER_SECURITY, checkout_container, container
from automl.targets.objects.service import service_objects
from automl.targets.writers.yaml import write_yaml

DEPLOY = "/automl/deploy"
# The name of a Workflow is the same again when it is deleted and applied again; the uid never is.
RUN, CREATED = "{{workflow.uid}}", "{{workflow.creationTimestamp.s}}"
EXECUTOR_PATCH = write_yaml(
    [
        {
            "initContainers": [{"name": "init", "securityContext": CONTAINER_SECURITY}],
            "containers": [{"name": "wait", "securityContext": CONTAINER_SECURITY}],
        }
    ]
)
"""Argo leaves its own containers in a pod without what `restricted` asks of every container."""


def job_template(name: str, workflow: Workflow, task: Task, files: Files) -> Object:
    """The template of a job: one pod a try."""
    template = _head(name, task)
    if task.retries:
        template["retryStrategy"] = {"limit": str(task.retries), "retryPolicy": "Always"}
    if task.deadline is not None:
        template["activeDeadlineSeconds"] = task.deadline
    if task.project is not None and isinstance(workflow.code, Git):
        template["initContainers"] = [checkout_container(workflow)]
    main = container(task, files.texts)
    del main["name"]
    return template | {"container": main}


def deployer(objects: Objects) -> Object:
    """The ConfigMap of the program that applies the objects of services, readable."""
    return config_map(objects, "deploy", {"data": {"cluster.py": script("cluster.py")}})


def deployer_volume(program: Object) -> Object:
    """The volume with that program."""
    return {"name": "deploy", "configMap": {"name": name_of(program)}}


def service_template(name: str, objects: Objects, task: Task, files: Files) -> Object:
    """The template of a service: a pod that applies its objects and waits until its pods are replaced.

    Nothing it applies is owned by the Workflow. The objects are JSON in which nothing looks like a tag or a
    variable: Argo fills in tags wherever it finds them, Kubernetes expands the words of every container.
    """
    words = [f"{DEPLOY}/cluster.py", "--run", RUN, "--created", CREATED]
    if task.deadline is not None:
        words += ["--deadline", str(task.deadline)]
    main: Object = {
        "image": PYTHON_IMAGE,
        "command": ["python3"],
        "args": [*words, *map(in_json, service_objects(objects, task, files))],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
        "securityContext": CONTAINER_SECURITY,
        "volumeMounts": [{"name": "deploy", "mountPath": DEPLOY, "readOnly": True}],
    }
    head, service_account = _head(name, task), deployer_name(objects.workflow)
    return head | {"serviceAccountName": service_account, "container": main}


def _head(name: str, task: Task) -> Object:
    return {"name": name, "metadata": step_metadata(task)}
