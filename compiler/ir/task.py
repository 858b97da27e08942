"""One step as an engine runs it: an image, a command, and what they are given."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from automl.compiler.ir.data import Mount, Output
from automl.compiler.ir.edges import Edge
from automl.compiler.ir.options import NO_OPTIONS, TargetOptions
from automl.compiler.ir.placement import Placement
from automl.compiler.ir.run_as import RunAs
from automl.compiler.ir.text import Reference, Text
from automl.compiler.ir.trials import Trials
from automl.compiler.records import NamedTuple, Record
from automl.compiler.source import NOTHING_WRITTEN, Span, Spans, Written
from automl.compiler.values.units import Cpu, Memory, Quantity


class Variable(NamedTuple):
    """An environment variable with a value."""

    name: str
    value: Text


class Secret(NamedTuple):
    """A secret of the engine's store: every key a variable (`keys` is None), or (key, variable) pairs."""

    name: str
    keys: tuple[tuple[str, str], ...] | None
    span: Annotated[Span, "name"]
    written: Written = NOTHING_WRITTEN


class Command(NamedTuple):
    """What runs: `entrypoint` None is the image's own; `arguments` follow it."""

    entrypoint: tuple[Text, ...] | None
    arguments: tuple[Text, ...]

    @property
    def words(self) -> tuple[Text, ...]:
        """All words that the config says."""
        return (self.entrypoint or ()) + self.arguments


class Project(NamedTuple):
    """The command runs in the folder of the project's files, after its dependencies are installed."""

    dependencies: Text | None  # a file, relative to the project
    packages: tuple[str, ...] = ()  # requirements beside those of the file
    params_file: str | None = None  # where the parameters are put, too
    notebook: str | None = None  # the one that papermill writes, with what the cells put out


class Gpus(NamedTuple):
    """GPUs that a container has for itself. `resource` is what Kubernetes calls them; of any model if that is None."""

    number: Annotated[int, "count"]
    resource: str
    model: str | None
    written: Written = NOTHING_WRITTEN


class Resources(NamedTuple):
    """What is reserved for one container: `cpu` and `memory`, and the rest; None is nothing, or no limit."""

    cpu_request: Cpu
    memory_request: Memory
    own_cpu: Annotated[Cpu | None, "resources.cpu"] = None
    own_memory: Annotated[Memory | None, "resources.memory"] = None
    gpu: Annotated[Gpus | None, "resources.gpu"] = None
    tpu: Annotated[int | None, "resources.tpu"] = None
    shm: Annotated[Memory | None, "resources.shm"] = None
    disk: Annotated[Memory | None, "resources.ephemeral_storage"] = None
    cpu_limit: Annotated[Cpu | None, "resources.limits.cpu"] = None
    memory_limit: Annotated[Memory | None, "resources.limits.memory"] = None
    written: Written = NOTHING_WRITTEN

    @property
    def cpu(self) -> Quantity:
        """The processors, by whichever key they are said."""
        return self.own_cpu or self.cpu_request

    @property
    def memory(self) -> Quantity:
        """The memory, by whichever key it is said."""
        return self.own_memory or self.memory_request

    def key(self, amount: str) -> str:
        """The key that says the processors (`cpu`) or the memory (`memory`)."""
        return f"resources.{amount}" if getattr(self, f"own_{amount}") else f"{amount}_request"


class Ingress(NamedTuple):
    """How a service is reached from outside. `host` None is every host, `class_name` None the cluster's."""

    host: str | None
    path: str
    class_name: Annotated[str | None, "class"]
    tls_secret: str | None
    span: Span
    written: Written = NOTHING_WRITTEN


class Titles(NamedTuple):
    """The names of a stage and of a step as they were written, for people to read."""

    stage: str
    step: str


NO_TITLES = Titles("", "")


class BaseTask(Record, kw_only=True):
    """What a job and a service share. It runs in `image`; its code is there too if `project` is None.

    `values` are the variables that the engine fills, before all others: no two have one name. A text that refers to a
    value has a reference that is among them. Outputs are those of jobs.
    """

    name: str  # unique in the workflow
    stage: str
    step: str
    after: tuple[Edge, ...]  # all of them must hold before it starts
    image: str
    command: Command
    project: Project | None
    variables: tuple[Variable, ...]
    secrets: tuple[Secret, ...]
    pull_secrets: tuple[str, ...]
    resources: Resources
    placement: Placement
    polling_seconds: int | None
    initial_delay_seconds: int | None
    labels: Mapping[str, str]
    annotations: Mapping[str, Text]
    span: Span
    spans: Spans
    values: tuple[Reference, ...] = ()
    outputs: tuple[Output, ...] = ()
    mounts: tuple[Mount, ...] = ()
    uses_workspace: bool = False
    titles: Titles = NO_TITLES
    service_account: str | None = None  # None: that of the run
    run_as: RunAs | None = None  # None: a user of automl's choice, who is not root
    targets: Mapping[str, TargetOptions] = MappingProxyType({})  # those of the run under those of the step

    def place(self, key: str) -> Span:
        """Where a key is written; the step itself if it is not."""
        return self.spans.get(key, self.span)

    def options(self, target: str) -> TargetOptions:
        """What is written for one target alone."""
        return self.targets.get(target, NO_OPTIONS)

    @property
    def texts(self) -> tuple[Text, ...]:
        """All that may have references: what runs, with which variables, after which dependencies."""
        dependencies = (self.project.dependencies,) if self.project and self.project.dependencies else ()
        return (*self.command.words, *[variable.value for variable in self.variables], *dependencies)


class Job(BaseTask, kw_only=True):
    """A program that ends; one that fails is tried again so often."""

    retries: int
    deadline: int | None  # after which a try is stopped
    trials: Trials | None = None  # None: it runs once


class Service(BaseTask, kw_only=True):
    """A program that keeps running behind one address. It has succeeded when it is ready in all its replicas."""

    port: int
    replicas: int
    min_ready_seconds: int
    revision_history_limit: int
    max_startup_seconds: int | None
    readiness_path: str | None  # None: the port accepts connections
    ingress: Ingress | None
    rollout_deadline: int | None  # until which it must be ready


Task = Job | Service
