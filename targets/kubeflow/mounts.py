"""What the platform document says of the disks and folders that a job mounts.

Kubeflow's driver makes the volumes of the pod of it (kubeflow/pipelines 2.15.0, backend/src/v2/driver/k8s.go,
extendPodSpecPatch and makeVolumeMountPatch): it calls that of a claim, of a Secret and of a ConfigMap as the thing itself.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from automl.compiler.ir import Barrier, Job, Mount, Node, Volume, Workflow, Workspace
from automl.compiler.records import NamedTuple
from automl.compiler.values.dns import LONGEST
from automl.targets.objects.disks import claim_of, name_in_pod, workspace_claim
from automl.targets.objects.metadata import Object
from automl.targets.writers.yaml import Value

CLAIM, SECRET, CONFIG_MAP, FOLDER = "pvcMount", "secretAsVolume", "configMapAsVolume", "emptyDirMounts"
_NAMES: Mapping[str, str] = MappingProxyType(
    {CLAIM: "pvcNameParameter", SECRET: "secretNameParameter", CONFIG_MAP: "configMapNameParameter"}
)


_VOLUMES = frozenset(  # that the pods of steps have anyway
    [
        *("work", "shm", "kfp-launcher", "gcs-scratch", "s3-scratch", "minio-scratch", "ca-bundle"),
        *("dot-local-scratch", "dot-cache-scratch", "dot-config-scratch", "kfp-workspace"),
        *("var-run-argo", "tmp-dir-argo", "input-artifacts"),
    ]
)


class Mounted(NamedTuple):
    """Something at a path of a job: what is said of it, by its field, and its name, which is that of the volume too."""

    field: str
    name: str
    path: str
    source: Mount | Workspace | Job  # which says so

    def as_object(self) -> Object:
        """The entry of the field."""
        what: Object = {"volumeName": self.name}
        if self.field in _NAMES:
            what = {_NAMES[self.field]: constant(self.name)}
        return what | {"mountPath": self.path}


def without_unwritten_workspace(workflow: Workflow) -> Workflow:
    """The workflow, with a workspace only if the config asks for one: files are artifacts."""
    if workflow.workspace is None or workflow.workspace.is_written:
        return workflow
    nodes = tuple(_without_workspace(node) for node in workflow.nodes)
    return workflow._replace(workspace=None, nodes=nodes)


def _without_workspace(node: Node) -> Node:
    return node if isinstance(node, Barrier) else node._replace(uses_workspace=False)


def mounted_by(workflow: Workflow, job: Job) -> Iterator[Mounted]:
    """What a job mounts of the workspace and the volumes of the workflow."""
    if workflow.workspace and job.uses_workspace:
        workspace = workflow.workspace
        yield Mounted(CLAIM, workspace_claim(workflow), workspace.path, workspace)
    volumes = {volume.name: volume for volume in workflow.volumes}
    for mount in job.mounts:
        field, name = named(workflow, volumes[mount.volume])
        yield Mounted(field, name, mount.path, mount)


def named(workflow: Workflow, volume: Volume) -> tuple[str, str]:
    """The field for a volume, and what the driver calls it."""
    if volume.config_map is not None:
        return CONFIG_MAP, volume.config_map
    if volume.secret is not None:
        return SECRET, volume.secret
    if volume.empty_dir:
        return FOLDER, name_in_pod(volume.name)
    return CLAIM, claim_of(workflow, volume)


def can_be_volume(name: str) -> bool:
    """Whether Kubeflow, which calls a volume as what it mounts, gets a name that is allowed and free in the pod."""
    return len(name) <= LONGEST and "." not in name and name not in _VOLUMES


def mounts(workflow: Workflow, job: Job, field: str) -> list[Value]:
    """What a field says for a job."""
    return [mounted.as_object() for mounted in mounted_by(workflow, job) if mounted.field == field]


def constant(value: str) -> Object:
    """A parameter with a value that is known when the pipeline is compiled."""
    return {"runtimeValue": {"constant": value}}
