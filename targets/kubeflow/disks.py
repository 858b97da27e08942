"""What Kubeflow cannot say of disks and of what else jobs mount.

Its driver calls a volume as what it mounts, knows no mount that is only read, and has no word that would put pods on one
node (kubeflow/pipelines 2.17.0, backend/src/v2/driver/k8s.go: nothing reads `podAffinity`). The pods of a service are
automl's own, and have all that.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.graph import upstream
from automl.compiler.ir import Access, Job, Mount, Service, Task, Volume, Workflow, Workspace
from automl.targets.kubeflow.mounts import (
    CLAIM,
    CONFIG_MAP,
    FOLDER,
    SECRET,
    Mounted,
    can_be_volume,
    mounted_by,
    named,
)
from automl.targets.kubeflow.platform import SECRETS, whole_secrets
from automl.targets.objects.placement import selector

_KINDS: Mapping[str, str] = MappingProxyType(
    {CLAIM: "claim", SECRET: "secret", CONFIG_MAP: "config_map", FOLDER: "empty_dir"}
)
_PATHS = (  # of what the pods of steps have anyway
    *("/kfp-launcher", "/kfp-workspace", "/kfp/certs", "/gcs", "/s3", "/minio"),
    *("/.local", "/.cache", "/.config", "/var/run/argo"),
)
_OF_ONE_POD = ("/tmp/kfp", "/tmp/kfp_outputs")  # where each of them leaves what it hands on
_HOSTNAME = "kubernetes.io/hostname"


def of_disks(workflow: Workflow, makes_claims: bool) -> Iterator[Diagnostic]:
    """What cannot be mounted, or not so. A package makes no claims; the table says so of all keys that ask for one."""
    volumes = {volume.name: volume for volume in workflow.volumes}
    if not makes_claims:
        yield from _unclaimed(workflow)
    yield from _names(workflow)
    for job in workflow.jobs:
        taken = {name: Mounted(SECRET, name, f"{SECRETS}/{name}", job) for name in whole_secrets(job)}
        for mounted in mounted_by(workflow, job):
            yield from _hidden(mounted)
            yield from _in_place_of(taken.setdefault(mounted.name, mounted), mounted)
        for mount in job.mounts:
            yield from _only_read(volumes[mount.volume], mount)
    yield from _on_several_nodes(workflow, makes_claims)


def _unclaimed(workflow: Workflow) -> Iterator[Diagnostic]:
    """A workspace without a claim that asks for nothing else of its disk."""
    workspace = workflow.workspace
    if workspace and workspace.claim is None and not {"size", "storage_class"} & workspace.written.keys():
        message = "a package holds no claim for the workspace"
        help = (
            "make one once and name it, `workspace: {claim: …}`, or use `-t kubeflow-native`, which makes it"
        )
        yield Diagnostic(Code.CANNOT_SAY, message, workspace.span, help)


def _names(workflow: Workflow) -> Iterator[Diagnostic]:
    """Names of what is there already that cannot be those of volumes."""
    mounted = {mount.volume for job in workflow.jobs for mount in job.mounts}
    names = [
        (*named(workflow, volume), f"volumes[{volume.name}]")
        for volume in workflow.volumes
        if volume.name in mounted
    ]
    if workflow.workspace and workflow.workspace.claim and workflow.jobs:
        names.append((CLAIM, workflow.workspace.claim, "workspace"))
    for field, name, place in names:
        if not can_be_volume(name):
            message = f'Kubeflow cannot mount the {_KINDS[field]} "{name}": a volume cannot be called so'
            help = "take one whose name is free in the pods, without a dot, of at most 63 characters"
            yield Diagnostic(Code.CANNOT_SAY, message, workflow.spans[f"{place}.{_KINDS[field]}"], help)


def _hidden(mounted: Mounted) -> Iterator[Diagnostic]:
    """A path at or above one where Kubeflow has something."""
    paths = _PATHS if mounted.field == FOLDER else (*_PATHS, *_OF_ONE_POD)
    if hidden := next((path for path in paths if f"{path}/".startswith(f"{mounted.path}/")), None):
        message = f'"{mounted.path}" cannot be mounted: Kubeflow has files of its own at "{hidden}"'
        yield Diagnostic(Code.CANNOT_SAY, message, mounted.source.span, "mount it at another path")


def _in_place_of(first: Mounted, second: Mounted) -> Iterator[Diagnostic]:
    """Things of two kinds with one name; of the same thing at two paths Argo makes one volume."""
    if first.field != second.field:
        message = (
            f'a step cannot mount the {_KINDS[second.field]} and the {_KINDS[first.field]} "{second.name}": '
            "Kubeflow calls both volumes so"
        )
        related = (Related("the other", first.source.span),)
        yield Diagnostic(
            Code.CANNOT_SAY, message, second.source.span, "mount them in different steps", related
        )


def _only_read(volume: Volume, mount: Mount) -> Iterator[Diagnostic]:
    """What Kubernetes itself does not let anyone write to needs no word for it."""
    if mount.read_only and volume.config_map is None and volume.secret is None:
        message = f'"ro" cannot be said of "{volume.name}": a job of Kubeflow may write to what it mounts'
        help = "leave `:ro` out, if nothing in the step writes there"
        yield Diagnostic(Code.CANNOT_SAY, message, mount.span, help)


def _on_several_nodes(workflow: Workflow, makes_claims: bool) -> Iterator[Diagnostic]:
    """Disks that one node may have at a time, and steps that may be on several."""
    disks = [disk for disk in _disks_of_one_node(workflow) if makes_claims or disk[0].claim]
    before = upstream(workflow.nodes) if disks else {}
    place = {node.name: number for number, node in enumerate(workflow.nodes)}
    for disk, tasks in disks:
        services = [task for task in tasks if isinstance(task, Service)]
        jobs = [task for task in tasks if isinstance(task, Job)]
        if services and jobs:  # it runs along with the next run, too
            yield _apart(disk, services[0], jobs[0])
            continue
        for first, second in pairwise(jobs):  # where each follows the one before it, it follows all
            if not before[second.name] >> place[first.name] & 1:
                yield _apart(disk, first, second)
                break


def _disks_of_one_node(workflow: Workflow) -> Iterator[tuple[Volume | Workspace, Sequence[Task]]]:
    """Each with the tasks that have it. Of a claim nobody knows that it is one, unless it is written."""
    workspace = workflow.workspace
    if workspace and _is_of_one_node(workspace):
        yield workspace, _free([task for task in workflow.tasks if task.uses_workspace])
    for volume in workflow.volumes:
        if _is_of_one_node(volume):
            having = [
                task for task in workflow.tasks if volume.name in {mount.volume for mount in task.mounts}
            ]
            yield volume, _free(having)


def _is_of_one_node(disk: Volume | Workspace) -> bool:
    if disk.claim is None:
        return disk.access is Access.ONE_NODE and disk.size is not None
    return disk.access is Access.ONE_NODE and "access" in disk.written


def _free(tasks: Sequence[Task]) -> Sequence[Task]:
    """The tasks, unless something puts all of them on one node."""
    hosts = {selector(task.placement).get(_HOSTNAME) for task in tasks}
    return tasks if len(hosts) > 1 or None in hosts else ()


def _apart(disk: Volume | Workspace, first: Task, second: Job) -> Diagnostic:
    """A job waits for another to end; for a service, which does not end, it would wait for ever."""
    message = (
        f'"{first.step}" and "{second.step}" share a disk that one node has at a time (`ReadWriteOnce`), '
        "but Kubeflow puts no jobs on a node of others: "
    )
    help = "give it `access: ReadWriteMany`, or the steps a `node_selector` with one `kubernetes.io/hostname`"
    if isinstance(first, Service):
        message += f'"{second.step}" of the next run may never start'
        return Diagnostic(Code.CANNOT_SAY, message, disk.span, help)
    return Diagnostic(Code.ENGINE_LIMIT, message + "one may wait until the other has ended", disk.span, help)
