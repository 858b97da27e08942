"""The disks of a workflow: the claims that are made with it, where pods mount them, and the one node that some need."""

from collections.abc import Iterable, Iterator

from automl.compiler.ir import Access, Service, Task, Volume, Workflow
from automl.compiler.values.dns import cut, member, with_suffix
from automl.targets.objects.metadata import Object, Objects
from automl.targets.writers.yaml import Value

WORKSPACE = "workspace"
NODE = "automl.dev/node"
"""A label of the pods that have to be on one node. Others of the workflow lack it, so that none of them chooses the node."""


def claims(objects: Objects) -> list[Object]:
    """The claims that the workflow makes for itself. Their names never change: what is on them stays from run to run."""
    workspace, documents = objects.workflow.workspace, list[Object]()
    if workspace and workspace.claim is None:
        name = workspace_claim(objects.workflow)
        documents.append(
            _claim(objects, name, workspace.size.text, workspace.access, workspace.storage_class)
        )
    for volume in objects.workflow.volumes:
        if volume.size is not None:
            name = claim_of(objects.workflow, volume)
            documents.append(_claim(objects, name, volume.size.text, volume.access, volume.storage_class))
    return documents


def _claim(objects: Objects, name: str, size: str, access: Access, storage_class: str | None) -> Object:
    spec: Object = {"accessModes": [str(access)]}
    if storage_class is not None:
        spec["storageClassName"] = storage_class
    spec["resources"] = {"requests": {"storage": size}}
    return objects.object("v1", "PersistentVolumeClaim", name, {"spec": spec})


def workspace_claim(workflow: Workflow) -> str:
    """The name of the claim of the workspace, which the workflow has."""
    assert workflow.workspace
    return workflow.workspace.claim or with_suffix(workflow.name, WORKSPACE)


def claim_of(workflow: Workflow, volume: Volume) -> str:
    """The name of the claim of a volume that is a disk."""
    return volume.claim or member(workflow.name, volume.name)


def disks(workflow: Workflow, tasks: Iterable[Task]) -> list[Value]:
    """The volumes of pods for these tasks: each that one of them mounts."""
    tasks = list(tasks)
    volumes: list[Value] = []
    if workflow.workspace and any(task.uses_workspace for task in tasks):
        claim: Object = {"claimName": workspace_claim(workflow)}
        volumes.append({"name": WORKSPACE, "persistentVolumeClaim": claim})
    mounted = {mount.volume for task in tasks for mount in task.mounts}
    return [*volumes, *(_volume(workflow, volume) for volume in workflow.volumes if volume.name in mounted)]


def _volume(workflow: Workflow, volume: Volume) -> Object:
    name: Object = {"name": name_in_pod(volume.name)}
    if volume.config_map is not None:
        return name | {"configMap": {"name": volume.config_map}}
    if volume.secret is not None:
        return name | {"secret": {"secretName": volume.secret}}
    if volume.empty_dir:
        return name | {"emptyDir": {}}
    return name | {"persistentVolumeClaim": {"claimName": claim_of(workflow, volume)}}


def name_in_pod(volume: str) -> str:
    """What a pod calls a volume: none of ours begins so."""
    return cut(f"volume-{volume}")


def disk_mounts(workflow: Workflow, task: Task) -> Iterator[Object]:
    """Where the container of a task finds them."""
    yield from workspace_mount(workflow, task)
    for mount in task.mounts:
        yield _mount(name_in_pod(mount.volume), mount.path, mount.read_only)


def workspace_mount(workflow: Workflow, task: Task) -> Iterator[Object]:
    """Where a container finds the workspace, if the task uses it. A service only reads it: it outlives the run."""
    if workflow.workspace and task.uses_workspace:
        yield _mount(WORKSPACE, workflow.workspace.path, read_only=isinstance(task, Service))


def _mount(name: str, path: str, read_only: bool) -> Object:
    place: Object = {"name": name, "mountPath": path}
    return place | {"readOnly": True} if read_only else place


def has_claim(workflow: Workflow, task: Task) -> bool:
    """Whether a pod of a task mounts a disk, whose files have owners."""
    of_claims = {volume.name for volume in workflow.volumes if volume.claim or volume.size}
    return task.uses_workspace or any(mount.volume in of_claims for mount in task.mounts)


def needs_node(workflow: Workflow, task: Task) -> bool:
    """Whether a pod of a task has to be where others are: a disk of theirs is on one node at a time.

    Of a claim among the volumes nobody knows that, unless it is written.
    """
    alone = {
        volume.name
        for volume in workflow.volumes
        if volume.access is Access.ONE_NODE and (volume.size or "access" in volume.written)
    }
    workspace = workflow.workspace
    shares_workspace = task.uses_workspace and workspace and workspace.access is Access.ONE_NODE
    return bool(shares_workspace) or any(mount.volume in alone for mount in task.mounts)


def node_labels(workflow: Workflow, task: Task) -> dict[str, str]:
    """The label by which the pods of a task find each other, if they have to be on one node."""
    return {NODE: workflow.name} if needs_node(workflow, task) else {}


def on_one_node(workflow: Workflow, task: Task) -> Object:
    """What a pod says of that node; the first of them matches itself, and one that has ended counts no more."""
    if not needs_node(workflow, task):
        return {}
    same: Object = {
        "labelSelector": {"matchLabels": node_labels(workflow, task)},
        "topologyKey": "kubernetes.io/hostname",
    }
    return {"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [same]}}}
