"""The workflow that a config means, as a whole."""

from collections.abc import Mapping
from types import MappingProxyType

from automl.compiler.ir.code import Bundle, Git
from automl.compiler.ir.data import Parameter, Store, Volume, Workspace
from automl.compiler.ir.edges import Barrier
from automl.compiler.ir.options import NO_OPTIONS, TargetOptions
from automl.compiler.ir.schedule import Schedule
from automl.compiler.ir.task import Job, Service, Task
from automl.compiler.ir.text import Text
from automl.compiler.records import Record
from automl.compiler.source import Span, Spans
from automl.compiler.values.images import mirrored

Node = Task | Barrier


class Workflow(Record):
    """The whole. Its nodes are in an order in which each follows those that it comes after."""

    name: str
    namespace: str | None
    version: str | None
    description: Text | None
    labels: Mapping[str, str]
    annotations: Mapping[str, Text]
    schedule: Schedule | None
    code: Bundle | Git | None  # None: no task has a project
    nodes: tuple[Node, ...]
    origin: str  # the file name of the config
    span: Span
    spans: Spans
    files: tuple[str, ...] = ()  # those that steps name, relative to the config
    params: tuple[Parameter, ...] = ()
    workspace: Workspace | None = None  # None: nothing needs it
    store: Store | None = None  # None: files travel by the workspace, or as the engine has it
    by_engine: bool = False  # files travel by what the engine itself has for them
    volumes: tuple[Volume, ...] = ()
    title: str = ""  # its name as it was written
    max_parallel: int | None = None  # of its tasks, and of the runs of their trials, so many run at a time
    timeout: int | None = None  # seconds, after which the run is stopped, and has failed
    priority: str = "normal"  # low, normal or high: which runs come before others
    image_registry: str | None = None  # which has the images of our own; None: Docker Hub
    service_account: str | None = None  # which has the rights that a run needs; None: one of its own
    targets: Mapping[str, TargetOptions] = MappingProxyType({})

    def options(self, target: str) -> TargetOptions:
        """What is written for one target alone, for the whole run."""
        return self.targets.get(target, NO_OPTIONS)

    def own_image(self, image: str) -> str:
        """An image of our own, from where it is pulled."""
        return mirrored(image, self.image_registry)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """What runs, in the order of the nodes."""
        return tuple([node for node in self.nodes if type(node) is not Barrier])

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The tasks that end."""
        return tuple([task for task in self.tasks if isinstance(task, Job)])

    @property
    def services(self) -> tuple[Service, ...]:
        """The tasks that keep running."""
        return tuple([task for task in self.tasks if isinstance(task, Service)])
