"""What tasks mount on a machine: folders of the user, of the run or of a try."""

from collections.abc import Iterator

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Mount, Reference, Service, Task, Volume, Workflow
from automl.compiler.values.images import is_default
from automl.runtime.local import plan
from automl.targets.objects.disks import claim_of

_IN_IMAGES = "is for steps in images here: a process finds at a path what the machine has there"
_HELP = "give the step an `image`, or hand files on by `outputs` and `inputs`"


def is_process(task: Task) -> bool:
    """Whether a task runs on the machine itself."""
    return task.project is not None and is_default(task.image)


def mounts(workflow: Workflow, task: Task) -> Iterator[plan.Mount]:
    """What a task mounts; a process sees nothing of a workspace that is the run's own."""
    workspace, volumes = workflow.workspace, {volume.name: volume for volume in workflow.volumes}
    if workspace and workspace.is_written and (workspace.claim or not is_process(task)):
        is_read_only = isinstance(task, Service)
        yield plan.Mount(workspace.path, is_read_only, workspace.claim or "", is_shared=not workspace.claim)
    for mount in task.mounts:
        yield _mount(workflow, volumes[mount.volume], mount)


def _mount(workflow: Workflow, volume: Volume, mount: Mount) -> plan.Mount:
    if volume.secret is not None:
        return plan.Mount(mount.path, is_read_only=True, secret=volume.secret)
    if volume.empty_dir:
        return plan.Mount(mount.path, mount.read_only)
    return plan.Mount(mount.path, mount.read_only, claim_of(workflow, volume), is_made=volume.claim is None)


def of_processes(workflow: Workflow) -> Iterator[Diagnostic]:
    """What no process can have at a path that the config says."""
    processes = [task for task in workflow.tasks if is_process(task)]
    mounted = {mount.volume for task in processes for mount in task.mounts}
    for volume in workflow.volumes:
        for key in ("empty_dir", "secret") if volume.name in mounted else ():
            if getattr(volume, key):
                span = workflow.spans.get(f"volumes[{volume.name}].{key}", volume.span)
                yield Diagnostic(Code.CANNOT_SAY, f'"{key}" {_IN_IMAGES}', span, _HELP)
    workspace = workflow.workspace
    if workspace is None or not workspace.is_written or workspace.claim or not processes:
        return
    if "path" in workspace.written:
        span = workflow.spans["workspace.path"]
        yield Diagnostic(Code.CANNOT_SAY, f'"path" {_IN_IMAGES}', span, _HELP)
        return  # one cause
    for task in processes:
        if _says(task, workspace.path):
            message = f'"{workspace.path}" {_IN_IMAGES}'
            yield Diagnostic(Code.CANNOT_SAY, message, task.span, _HELP)


def _says(task: Task, path: str) -> bool:
    """Whether a path is in the words or the variables of a task."""
    parts = (part for text in task.texts for part in text.parts)
    return any(path in ((part.known or "") if isinstance(part, Reference) else part) for part in parts)
