"""The pod of a job that runs an image by itself and leaves something: another container looks after what it left.

The image runs first, as an init container: when it has succeeded, the start script brings its outputs to where they
belong, or says what is missing, as it does for the steps of a project.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from automl.compiler.ir import Job, Workflow
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
OUTPUTS_MOUNT: Object = {"name": "outputs", "mountPath": OUTPUTS}
DEFAULT_CONTAINER = {"kubectl.kubernetes.io/default-container": STEP}  # whose log `kubectl logs` shows


def collector(objects: Objects, jobs: Collection[Job]) -> list[Object]:
    """The ConfigMap of the program for these jobs, if there are any."""
    return [_program(objects)] if jobs else []


def _program(objects: Objects) -> Object:
    return config_map(objects, "start", {"data": dict(start_scripts())})


def collected(
    objects: Objects,
    job: Job,
    spec: Mapping[str, Any],
    options: Sequence[str],
    variables: Sequence[Value] = (),
) -> Object:
    """The pod, with the image of the job before a container that collects, by these options and variables."""
    [main] = spec["containers"]
    places: list[Value] = [
        {"name": output.variable, "value": f"{OUTPUTS}/{output.name}"} for output in job.outputs
    ]
    step: Object = main | {
        "name": STEP,
        "env": [*places, *main["env"]],
        "volumeMounts": [*main["volumeMounts"], OUTPUTS_MOUNT],
    }
    volumes: list[Value] = [
        {"name": "outputs", "emptyDir": {}},
        {"name": "collecting", "emptyDir": {}},
        {"name": "start", "configMap": {"name": name_of(_program(objects))}},
    ]
    collector = _collector(objects.workflow, job, options, variables)
    containers: Object = {"initContainers": [step], "containers": [collector]}
    rest = {key: value for key, value in spec.items() if key not in ("containers", "volumes")}
    return rest | containers | {"volumes": [*spec["volumes"], *volumes]}


def _collector(workflow: Workflow, job: Job, options: Sequence[str], variables: Sequence[Value]) -> Object:
    start: Object = {
        "name": "main",
        "image": PYTHON_IMAGE,
        "command": ["python3", f"{CODE}/start.py"],
        "args": [*declared(job.outputs), *options, "--", "sh", "-c", _copying(job)],
    }
    if variables:
        start["env"] = variables
    mounts: list[Value] = [
        {"name": "collecting", "mountPath": WORK},
        {"name": "start", "mountPath": CODE, "readOnly": True},
        OUTPUTS_MOUNT | {"readOnly": True},
    ]
    return restricted(start, "50m", "64Mi", [*mounts, *workspace_mount(workflow, job)])


def _copying(job: Job) -> str:
    """A shell's lines; what is not there is for the start script to say."""
    lines = ["set -e"]
    for output in job.outputs:
        source = f"{OUTPUTS}/{output.name}"
        lines.append(f'test ! -e {source} || cp -rL {source} "${output.variable}"')
    return "\n".join(lines) + "\n"
