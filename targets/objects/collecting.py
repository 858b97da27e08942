"""The pod of a job after which another container looks after what it left: an image by itself, or files for a store.

The job runs first, as an init container: when it has succeeded, the start script brings its outputs to where they
belong, or says what is missing, as it does in the steps of a project by itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from automl.compiler.ir import Job, Workflow
from automl.compiler.records import Record
from automl.compiler.values.images import PYTHON_IMAGE
from automl.runtime import start_scripts
from automl.targets.objects.config_maps import config_map
from automl.targets.objects.container import restricted
from automl.targets.objects.disks import workspace_mount
from automl.targets.objects.metadata import Object, Objects, name_of
from automl.targets.objects.start import declared
from automl.targets.objects.volumes import CODE, WORK
from automl.targets.writers.yaml import Value

STEP = "step"
OF_COLLECTING = ("outputs", "collecting", "start")
"""The volumes of its own."""
OUTPUTS = "/automl/outputs"
MEMORY_OF_CLIENT = "256Mi"  # of a store: what it has of some files at a time
OUTPUTS_MOUNT: Object = {"name": "outputs", "mountPath": OUTPUTS}
DEFAULT_CONTAINER = {"kubectl.kubernetes.io/default-container": STEP}  # whose log `kubectl logs` shows


class Collecting(Record):
    """What the start script is told of the outputs, and the variables that this needs."""

    options: Sequence[str]
    variables: Sequence[Value] = ()
    for_store: bool = False


def program(objects: Objects, for_store: bool = False) -> Object:
    """The ConfigMap of the start script by itself."""
    return config_map(objects, "start", {"data": dict(start_scripts(for_store=for_store))})


def collected(objects: Objects, job: Job, spec: Mapping[str, Any], collecting: Collecting) -> Object:
    """The pod, with the container of the job before one that collects."""
    [main] = spec["containers"]
    volumes = [volume for volume in spec["volumes"] if volume["name"] not in OF_COLLECTING]
    step: Object = main | {"name": STEP}
    outputs: Object = {"name": "work", "mountPath": OUTPUTS, "subPath": "outputs"}
    if job.project is None:
        outputs = OUTPUTS_MOUNT
        volumes.append({"name": "outputs", "emptyDir": {}})
        places = [{"name": output.variable, "value": f"{OUTPUTS}/{output.name}"} for output in job.outputs]
        step |= {"env": [*places, *main["env"]], "volumeMounts": [*main["volumeMounts"], outputs]}
    collector = _collector(objects.workflow, job, collecting, outputs)
    containers: Object = {
        "initContainers": [*spec.get("initContainers", []), step],
        "containers": [collector],
    }
    rest = {key: value for key, value in spec.items() if key not in ("containers", "volumes")}
    return rest | containers | {"volumes": [*volumes, *own_volumes(program(objects, collecting.for_store))]}


def own_volumes(program: Object) -> list[Value]:
    """The volumes of containers that run the program, and no step."""
    work: Object = {"name": "collecting", "emptyDir": {}}
    return [work, {"name": "start", "configMap": {"name": name_of(program)}}]


OWN_MOUNTS: list[Value] = [
    {"name": "collecting", "mountPath": WORK},
    {"name": "start", "mountPath": CODE, "readOnly": True},
]


def _collector(workflow: Workflow, job: Job, collecting: Collecting, outputs: Object) -> Object:
    words = declared([output._replace(path=None) for output in job.outputs])
    start: Object = {
        "name": "main",
        "image": workflow.own_image(PYTHON_IMAGE),
        "command": ["python3", f"{CODE}/start.py"],
        "args": [*words, *collecting.options, "--", "sh", "-c", _taking(job)],
    }
    if collecting.variables:
        start["env"] = collecting.variables
    memory = MEMORY_OF_CLIENT if "--put" in collecting.options else "64Mi"
    mounts = [*OWN_MOUNTS, outputs | {"readOnly": True}]
    if any(output.type.is_file for output in job.outputs):
        mounts += workspace_mount(workflow, job)
    return restricted(start, "50m", memory, mounts)


def _taking(job: Job) -> str:
    """A shell's lines; what is not there is for the start script to say."""
    lines = ["set -e"]
    for output in job.outputs:
        source = f"{OUTPUTS}/{output.name}"
        lines.append(f'test ! -e {source} || ln -s {source} "${output.variable}"')
    return "\n".join(lines) + "\n"
