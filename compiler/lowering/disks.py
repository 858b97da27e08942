"""By what files travel between the steps of a config, and which volumes they mount."""

from collections.abc import Iterable, Iterator

from automl.compiler import ir
from automl.compiler.config.binding import bind
from automl.compiler.config.config import Config
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import BestOutput, Collected, Mount, OutputOf, Store, Workspace
from automl.compiler.source import Located
from automl.compiler.tree.nodes import Mapping


class Disks:
    """The workspace, which is there as soon as a file travels by it, or what files travel by instead."""

    def __init__(self, config: Config) -> None:
        self._written, self._span = config.workspace and _tidy(config.workspace), config.span
        artifacts = config.artifacts
        self.by_engine = artifacts is not None and artifacts.engine
        self.store: Store | None = None
        if artifacts and artifacts.store:
            self.store = Store(artifacts.store.value, artifacts.secret, artifacts.store.span)
        self.diagnostics = list(_idle(config))

    def are_used_by(self, task: ir.BaseTask) -> bool:
        """Whether a task has the workspace: every one, if it is asked for, or one that hands on a file by it."""
        if self._written is not None:
            return True
        return self.store is None and not self.by_engine and _has_files(task)

    def workspace(self, tasks: Iterable[ir.BaseTask]) -> Workspace | None:
        """The workspace, if a task has it."""
        if self._written is not None:
            return self._written
        if not any(task.uses_workspace for task in tasks):
            return None
        return bind(Workspace, Mapping(self._span), "workspace", [], is_written=False)


def _tidy(workspace: Workspace) -> Workspace:
    """The same, with a path below which paths can be written."""
    return workspace._replace(path=workspace.path.rstrip("/"))


def _idle(config: Config) -> Iterator[Diagnostic]:
    """Volumes that nothing mounts."""
    mounted = {word.value.partition(":")[0] for step in config.steps for word in step.volumes}
    for volume in config.volumes:
        if volume.name not in mounted:
            message = f'no step mounts the volume "{volume.name}"'
            help = f'mount it in a step, `volumes: ["{volume.name}:/{volume.name}"]`, or leave it out'
            yield Diagnostic(Code.UNUSED_KEY, message, volume.span, help)


def _has_files(task: ir.BaseTask) -> bool:
    sources = (reference.source for reference in task.values)
    takes_files = any(
        isinstance(source, OutputOf | BestOutput | Collected) and source.type.is_file for source in sources
    )
    return takes_files or any(output.type.is_file for output in task.outputs)


def mount_of(word: Located[str]) -> Mount:
    """The mount that `name:/path` or `name:/path:ro` says."""
    volume, path, *mode = word.value.split(":")
    return Mount(volume, path.rstrip("/"), bool(mode), word.span)
