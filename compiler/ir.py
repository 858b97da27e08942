"""The workflow that a config means, for every engine: frozen, worked out, without YAML.

`lower` makes it, the targets read it. Times are whole seconds, CPU is in millicores, memory in bytes; every
name is a DNS label. `spans` maps a key of the config to the place where it was written, for diagnostics.
"""

from collections.abc import Mapping
from typing import NamedTuple

from automl.compiler.source import Span
from automl.compiler.values.cron import Cron
from automl.compiler.values.units import Quantity

PYTHON_IMAGE = (  # pinned, so that a run next year is the same; `defaults.image` takes another
    "docker.io/library/python:3.12.12-slim-bookworm"
    "@sha256:593bd06efe90efa80dc4eee3948be7c0fde4134606dd40d8dd8dbcade98e669c"
)

Spans = Mapping[str, Span]


class Text(NamedTuple):
    """User text that must reach the container as it was written."""

    value: str
    span: Span


class Variable(NamedTuple):
    """An environment variable with a value."""

    name: str
    value: Text


class Secret(NamedTuple):
    """A secret of the engine's store: every key a variable (`keys` is None), or (key, variable) pairs."""

    name: str
    keys: tuple[tuple[str, str], ...] | None
    span: Span


class Command(NamedTuple):
    """What runs: `entrypoint` None is the image's own; `arguments` follow it."""

    entrypoint: tuple[Text, ...] | None
    arguments: tuple[Text, ...]


class Project(NamedTuple):
    """The command runs in the folder of the project's files, after its dependencies are installed."""

    dependencies: Text | None  # a file, relative to the project
    packages: tuple[str, ...] = ()  # requirements beside those of the file


class Resources(NamedTuple):
    """What is reserved for one container."""

    cpu: Quantity
    memory: Quantity


class Ingress(NamedTuple):
    """How a service is reached from outside. `host` None is every host, `class_name` None the cluster's."""

    host: str | None
    path: str
    class_name: str | None
    tls_secret: str | None


class Service(NamedTuple):
    """What makes a task a program that keeps running behind one address."""

    port: int
    replicas: int
    min_ready_seconds: int
    revision_history_limit: int
    max_startup_seconds: int | None
    readiness_path: str | None  # None: the port accepts connections
    ingress: Ingress | None


class Task(NamedTuple):
    """One step. It runs in `image`; its code is there too if `project` is None."""

    name: str  # unique in the workflow
    stage: str
    step: str
    image: str
    command: Command
    project: Project | None
    variables: tuple[Variable, ...]
    secrets: tuple[Secret, ...]
    pull_secrets: tuple[str, ...]
    resources: Resources
    retries: int
    deadline: int | None
    polling_seconds: int | None
    initial_delay_seconds: int | None
    service: Service | None
    labels: Mapping[str, str]
    annotations: Mapping[str, Text]
    span: Span
    spans: Spans


class TaskGroup(NamedTuple):
    """Tasks that start together, once every task of the groups named in `after` has succeeded."""

    name: str
    stage: str
    after: tuple[str, ...]
    tasks: tuple[Task, ...]


class BundledFile(NamedTuple):
    """A file of the project; `path` is relative, with forward slashes."""

    path: str
    content: bytes
    executable: bool


class Bundle(NamedTuple):
    """The project's files, packed into the output. Sorted by path."""

    files: tuple[BundledFile, ...]
    span: Span


class Git(NamedTuple):
    """A repository, checked out where the task runs. The token is a key of a secret."""

    url: str
    ref: str
    token_secret: str | None
    token_key: str | None
    username_key: str | None
    span: Span


class Schedule(NamedTuple):
    """When the workflow runs. `concurrency` is allow, forbid or replace."""

    cron: Cron
    timezone: str
    concurrency: str
    suspend: bool
    starting_deadline: int | None
    keep_succeeded: int | None
    keep_failed: int | None


class Workflow(NamedTuple):
    """The whole: groups are in an order in which each follows those it names in `after`."""

    name: str
    namespace: str | None
    version: str | None
    description: Text | None
    labels: Mapping[str, str]
    annotations: Mapping[str, Text]
    schedule: Schedule | None
    code: Bundle | Git | None  # None: no task has a project
    groups: tuple[TaskGroup, ...]
    origin: str  # the file name of the config
    span: Span
    spans: Spans
    files: tuple[str, ...] = ()  # those that steps name, relative to the config

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks, in the order of the groups."""
        return tuple(task for group in self.groups for task in group.tasks)
