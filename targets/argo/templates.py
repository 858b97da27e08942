"""The template of one task: the container of a job, or the one that applies the objects of a service."""

from collections.abc import Mapping
from typing import Any

from automl.compiler.ir import Job, Service, Task
from automl.compiler.values.images import PYTHON_IMAGE
from automl.targets.argo.data import INPUTS, RUN, Data, is_collected
from automl.targets.argo.rbac import deployer_name
from automl.targets.objects.collecting import DEFAULT_CONTAINER, OF_COLLECTING, Collecting, collected
from automl.targets.objects.config_maps import Files, config_map
from automl.targets.objects.container import restricted
from automl.targets.objects.disks import node_labels
from automl.targets.objects.metadata import (
    Object,
    Objects,
    name_of,
    step_metadata,
    with_annotations,
    with_labels,
)
from automl.targets.objects.placement import placed
from automl.targets.objects.pod import pod_spec
from automl.targets.objects.resources import SHM
from automl.targets.objects.scripts import script
from automl.targets.objects.service import deploy_arguments, service_objects

DEPLOY = "/automl/deploy"
CREATED = "{{workflow.creationTimestamp.s}}"
INPUTS_MOUNT: Object = {"name": "inputs", "mountPath": INPUTS}
OF_WORKFLOW = ("securityContext", "imagePullSecrets", "volumes")
"""Keys of a pod that Argo has in the Workflow, for all its pods."""


def job_template(task: Job, files: Files, data: Data) -> Object:
    """The template of a job: one pod a try."""
    template = with_labels(_head(task, data), node_labels(data.workflow, task) | _of_trial(task, data))
    if outputs := data.outputs(task):
        template["outputs"] = outputs
    if task.retries:
        template["retryStrategy"] = {"limit": str(task.retries), "retryPolicy": "Always"}
    if task.deadline is not None:
        template["activeDeadlineSeconds"] = task.deadline
    spec = pod_spec(data.workflow, task, files, data.given(task))
    template |= _of_pod(task, spec)
    if is_collected(data.workflow, task):
        template = with_annotations(template, DEFAULT_CONTAINER)
        spec = collected(Objects(data.workflow), task, spec, Collecting([*data.left(task)]))
        if "artifacts" in data.inputs(task):
            spec = _with_artifacts(spec)
    return template | _pod_of_template(spec)


def _of_pod(task: Task, spec: Mapping[str, Any]) -> Object:
    """What a template says of its pods that is other than what the Workflow says of all."""
    of_pod: Object = {"serviceAccountName": task.service_account} if task.service_account else {}
    return of_pod | {"securityContext": spec["securityContext"]} if task.run_as else of_pod


def _with_artifacts(spec: Mapping[str, Any]) -> Object:
    """The pod, with a volume for the artifacts that each container sees, also an init container.

    Argo mounts a volume of its own in the main container alone, and finds it in no template; but it puts artifacts onto
    one that the main container mounts there (argo-workflows 3.7.18, workflow/common/util.go, FindOverlappingVolume).
    """
    containers: Object = {
        kind: [
            container | {"volumeMounts": [*container["volumeMounts"], INPUTS_MOUNT]}
            for container in spec[kind]
        ]
        for kind in ("initContainers", "containers")
    }
    return {**spec, **containers, "volumes": [*spec["volumes"], {"name": "inputs", "emptyDir": {}}]}


def _pod_of_template(spec: Mapping[str, Any]) -> Object:
    """What a template says of its pods: its one container has no name, and some is said once for the Workflow."""
    rest = {key: value for key, value in spec.items() if key not in (*OF_WORKFLOW, "containers")}
    if volumes := [volume for volume in spec["volumes"] if volume["name"] in (*OF_COLLECTING, SHM, "inputs")]:
        rest["volumes"] = volumes
    [main] = spec["containers"]
    return rest | {"container": {key: value for key, value in main.items() if key != "name"}}


def deployer(objects: Objects) -> Object:
    """The ConfigMap of the program that applies the objects of services, readable."""
    return config_map(objects, "deploy", {"data": {"cluster.py": script("cluster.py")}})


def deployer_volume(program: Object) -> Object:
    """The volume with that program."""
    return {"name": "deploy", "configMap": {"name": name_of(program)}}


def service_template(objects: Objects, task: Service, files: Files, data: Data) -> Object:
    """The template of a service: a pod that applies its objects and waits until its pods are replaced.

    Nothing it applies is owned by the Workflow.
    """
    run = ["--run", RUN, "--created", CREATED]
    arguments = deploy_arguments(run, task, [*data.options(task)], service_objects(objects, task, files))
    start: Object = {
        "image": objects.workflow.own_image(PYTHON_IMAGE),
        "command": ["python3"],
        "args": [f"{DEPLOY}/cluster.py", *arguments],
    }
    mount: Object = {"name": "deploy", "mountPath": DEPLOY, "readOnly": True}
    main = restricted(start, "50m", "64Mi", [mount])
    head, service_account = _head(task, data), deployer_name(objects.workflow)
    return head | {"serviceAccountName": service_account} | placed(task.placement) | {"container": main}


def _head(task: Task, data: Data) -> Object:
    swept = data.swept.get(task.name)
    name = swept.runner if swept else data.leaves[task.name]
    head: Object = {"name": name, "metadata": step_metadata(task)}
    inputs = data.inputs(task)
    return head | {"inputs": inputs} if inputs else head


def _of_trial(task: Task, data: Data) -> dict[str, str]:
    """The labels that tell the pods of a run from those of others."""
    swept = data.swept.get(task.name)
    return swept.labels if swept else {}
