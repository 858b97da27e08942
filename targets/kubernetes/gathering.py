"""The files of all trials for a task that takes them: a container of ours makes a folder of links before it begins.

The files themselves are on the workspace, which the task mounts. Which they are says the coordinator when it makes the
Job, in a variable of that container.
"""

from collections.abc import Mapping
from typing import Any

from automl.compiler.ir import Collected, Task, Workflow
from automl.compiler.values.images import PYTHON_IMAGE
from automl.runtime import gathering_scripts
from automl.targets.kubernetes.store import with_path
from automl.targets.objects.config_maps import config_map
from automl.targets.objects.container import restricted
from automl.targets.objects.disks import workspace_mount
from automl.targets.objects.metadata import Object, Objects, name_of
from automl.targets.objects.volumes import CODE
from automl.targets.writers.yaml import Value

GATHERED = "/automl/gathered"
MOUNT: Object = {"name": "gathered", "mountPath": GATHERED}
PROGRAM_MOUNT: Object = {"name": "gather", "mountPath": CODE, "readOnly": True}


def needs_gathering(workflow: Workflow) -> bool:
    """Whether a task of a workflow takes the files of all trials of a step."""
    return any(map(_folders, workflow.tasks))


def gathering_program(objects: Objects) -> Object:
    """The ConfigMap of what makes the folders."""
    return config_map(objects, "gather", {"data": dict(gathering_scripts())})


def gathering(objects: Objects, task: Task, spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """The pod, with a container that makes the folders before that of the task, which finds them at fixed paths."""
    folders = _folders(task)
    if not folders:
        return spec
    [main] = spec["containers"]
    env = [with_path(entry, folders) for entry in main["env"]]
    step = main | {"env": env, "volumeMounts": [*main["volumeMounts"], MOUNT | {"readOnly": True}]}
    program: Object = {"name": "gather", "configMap": {"name": name_of(gathering_program(objects))}}
    volumes: list[Value] = [{"name": "gathered", "emptyDir": {}}, program]
    gather = _gather(
        objects.workflow, folders, [PROGRAM_MOUNT, MOUNT, *workspace_mount(objects.workflow, task)]
    )
    rest = {key: value for key, value in spec.items() if key not in ("containers", "volumes")}
    return rest | {
        "initContainers": [*spec.get("initContainers", []), gather],
        "containers": [step],
        "volumes": [*spec["volumes"], *volumes],
    }


def _folders(task: Task) -> dict[str, str]:
    """The variables of a task that name such a folder, and where that is."""
    sources = {reference.variable: reference.source for reference in task.values}
    return {
        variable: f"{GATHERED}/{source.task}/{source.output}"
        for variable, source in sources.items()
        if isinstance(source, Collected) and source.type.is_file
    }


def _gather(workflow: Workflow, folders: Mapping[str, str], mounts: list[Value]) -> Object:
    """The container, of which who makes the object fills the variables."""
    variables = {folder: variable for variable, folder in folders.items()}
    words: list[Value] = [f"{folder}={variable}" for folder, variable in variables.items()]
    told: list[Value] = [{"name": variable} for variable in variables.values()]
    start: Object = {
        "name": "gather",
        "image": workflow.own_image(PYTHON_IMAGE),
        "command": ["python3", f"{CODE}/gather.py"],
        "args": words,
        "env": told,
    }
    return restricted(start, "50m", "64Mi", mounts)
