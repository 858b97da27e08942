"""One step as an engine runs it: an image, a command, and what they are given."""

from collections.abc import Mapping
from typing import NamedTuple

from automl.compiler.ir.text import Text
from automl.compiler.source import Span, Spans
from automl.compiler.values.units import Quantity

PYTHON_IMAGE = (  # pinned, so that a run next year is the same; `defaults.image` takes another
    "docker.io/library/python:3.12.12-slim-bookworm"
    "@sha256:593bd06efe90efa80dc4eee3948be7c0fde4134606dd40d8dd8dbcade98e669c"
)


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
