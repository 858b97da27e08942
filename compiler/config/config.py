"""The config as typed values that know their places: what was written, nothing worked out yet.

Built from a tree that fits the schema and is in its long forms, so every value has one of the types that the schema allows.
"""

from collections.abc import Callable, Iterator
from collections.abc import Mapping as MappingType
from typing import Generic, NamedTuple, TypeVar

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.source import Span
from automl.compiler.tree.nodes import Mapping, Node, Scalar, Sequence
from automl.compiler.values.cron import Cron, CronError, parse_cron
from automl.compiler.values.dns import dns_label
from automl.compiler.values.units import Quantity, QuantityError, parse_cpu, parse_duration, parse_memory

_LONGEST_AMOUNT = 1000  # of a longer one the start is read, and what shows that it is cut, which fits nothing
_FIELDS = "the fields are minute, hour, day of the month, month, day of the week"
T = TypeVar("T")


class Located(NamedTuple, Generic[T]):
    """A value and where it was written."""

    value: T
    span: Span


class Name(NamedTuple):
    """A name as it was written, and the DNS label that stands for it (empty: there is none)."""

    written: str
    label: str
    span: Span


class Pair(NamedTuple):
    """A key and its text, for instance a variable or a label."""

    key: Located[str]
    value: Located[str]


class SecretConfig(NamedTuple):
    """A Secret, whole (`keys` is None) or by key: (key of the Secret, environment variable)."""

    name: Located[str]
    keys: tuple[Pair, ...] | None


class IngressConfig(NamedTuple):
    """How a service is reached from outside the cluster."""

    host: Located[str] | None
    path: Located[str] | None
    class_name: Located[str] | None
    tls_secret: Located[str] | None
    span: Span


class ServiceConfig(NamedTuple):
    """The `service` of a step."""

    port: Located[int] | None
    ingress: IngressConfig | None
    max_startup_time_seconds: Located[int] | None
    readiness_path: Located[str] | None
    span: Span


class StepConfig(NamedTuple):
    """A step with its defaults merged.

    `spans` has the place of every key, `service.port` too; `own` names those of the step itself, not
    of `defaults`.
    """

    name: Name
    path: Located[str] | None
    dependencies: Located[str] | None
    image: Located[str] | None
    command: tuple[Located[str], ...] | None
    entrypoint: tuple[Located[str], ...] | None
    args: tuple[Located[str], ...]
    envs: tuple[Pair, ...]
    secrets: tuple[SecretConfig, ...]
    image_pull_secrets: tuple[Located[str], ...]
    cpu: Located[Quantity] | None
    memory: Located[Quantity] | None
    backoff_limit: Located[int] | None
    timeout: int | None
    polling_time: Located[int] | None
    wait_before_start_time: Located[int] | None
    replicas: Located[int] | None
    min_ready_seconds: Located[int] | None
    revision_history_limit: Located[int] | None
    service: ServiceConfig | None
    labels: tuple[Pair, ...]
    annotations: tuple[Pair, ...]
    spans: MappingType[str, Span]
    own: frozenset[str]


class StageConfig(NamedTuple):
    """A stage and its steps."""

    name: Name
    steps: tuple[StepConfig, ...]


class ScheduleConfig(NamedTuple):
    """When the workflow runs. `cron` is None if it cannot be read."""

    cron: Cron | None
    timezone: Located[str] | None
    concurrency: Located[str] | None
    suspend: bool
    starting_deadline: int | None
    keep_succeeded: int | None
    keep_failed: int | None
    span: Span


class GitConfig(NamedTuple):
    """A repository and what of it."""

    url: Located[str]
    ref: Located[str]
    token_secret: Located[str] | None
    token_key: Located[str] | None
    username_key: Located[str] | None


class BundleConfig(NamedTuple):
    """Which files are packed, as patterns in the manner of .gitignore."""

    include: tuple[Located[str], ...]
    exclude: tuple[Located[str], ...]
    span: Span


class CodeConfig(NamedTuple):
    """Where the code of all steps is; at most one is set."""

    git: GitConfig | None = None
    bundle: BundleConfig | None = None
    in_image: bool = False


class Config(NamedTuple):
    """A whole config."""

    version: Located[str] | None
    name: Located[str] | None
    namespace: Located[str] | None
    description: Located[str] | None
    labels: tuple[Pair, ...]
    annotations: tuple[Pair, ...]
    schedule: ScheduleConfig | None
    code: CodeConfig | None
    stages: tuple[StageConfig, ...]
    span: Span
    spans: MappingType[str, Span]  # of the keys around the steps: `stages`, `schedule.timezone`

    @property
    def steps(self) -> Iterator[StepConfig]:
        """The steps of all stages."""
        return (step for stage in self.stages for step in stage.steps)


def build_config(root: Mapping) -> tuple[Config, list[Diagnostic]]:
    """The typed config, and the values in it that cannot be read, for instance a memory of `1Gib`."""
    found: list[Diagnostic] = []
    defaults = root.get("defaults")
    stages = _mapping(root.get("stages"))
    config = Config(
        version=_text(root, "version"),
        name=_text(root, "name"),
        namespace=_text(root, "namespace"),
        description=_text(root, "description"),
        labels=_pairs(root.get("labels")),
        annotations=_pairs(root.get("annotations")),
        schedule=_schedule(root.get("schedule"), found),
        code=_code(root.get("code")),
        stages=tuple(
            StageConfig(
                _name(stage.key),
                tuple(
                    _step(_mapping(step), defaults, found)
                    for step in _items(_mapping(stage.value).get("steps"))
                ),
            )
            for stage in stages
        ),
        span=root.entries["stages"].key.span,
        spans=dict(_spans(root)),
    )
    return config, found


def _spans(node: Mapping, prefix: str = "") -> Iterator[tuple[str, Span]]:
    """The place of every key, by its own name and those around it: `service.readiness.path`, `secrets[0].keys`."""
    for name, entry in node.entries.items():
        if not name.startswith("x-") and name != "$schema":
            yield prefix + name, entry.key.span
            if name not in ("stages", "defaults"):
                yield from _spans_below(entry.value, prefix + name)


def _spans_below(node: Node, key: str) -> Iterator[tuple[str, Span]]:
    if isinstance(node, Mapping):
        yield from _spans(node, f"{key}.")
    elif isinstance(node, Sequence):
        for number, item in enumerate(node.items):
            yield from _spans_below(item, f"{key}[{number}]")


def _step(node: Mapping, defaults: Node | None, found: list[Diagnostic]) -> StepConfig:
    inherited = defaults.entries if isinstance(defaults, Mapping) else {}
    return StepConfig(
        name=_name(_scalar(node.get("step_name"))),
        path=_text(node, "path_to_executable"),
        dependencies=_text(node, "dependency_path"),
        image=_text(node, "image"),
        command=_words(node.get("command")),
        entrypoint=_words(node.get("entrypoint")),
        args=_words(node.get("args")) or (),
        envs=_pairs(node.get("envs")),
        secrets=tuple(_secret(item) for item in _items(node.get("secrets"))),
        image_pull_secrets=_words(node.get("image_pull_secrets")) or (),
        cpu=_quantity(node, "cpu_request", parse_cpu, found),
        memory=_quantity(node, "memory_request", parse_memory, found),
        backoff_limit=_integer(node, "backoff_limit"),
        timeout=_parsed(node, "timeout", parse_duration, Code.DURATION, found),
        polling_time=_integer(node, "polling_time"),
        wait_before_start_time=_integer(node, "wait_before_start_time"),
        replicas=_integer(node, "replicas"),
        min_ready_seconds=_integer(node, "min_ready_seconds"),
        revision_history_limit=_integer(node, "revision_history_limit"),
        service=_service(node.get("service")),
        labels=_pairs(node.get("labels")),
        annotations=_pairs(node.get("annotations")),
        spans=dict(_spans(node)),
        own=frozenset(
            name
            for name, entry in node.entries.items()
            if name not in inherited or entry.key is not inherited[name].key
        ),
    )


def _service(node: Node | None) -> ServiceConfig | None:
    if not isinstance(node, Mapping):
        return None
    readiness = node.get("readiness")
    return ServiceConfig(
        port=_integer(node, "port"),
        ingress=_ingress(node.get("ingress")),
        max_startup_time_seconds=_integer(node, "max_startup_time_seconds"),
        readiness_path=_text(readiness, "path") if isinstance(readiness, Mapping) else None,
        span=node.span,
    )


def _ingress(node: Node | None) -> IngressConfig | None:
    if not isinstance(node, Mapping):
        return None
    return IngressConfig(
        _text(node, "host"), _text(node, "path"), _text(node, "class"), _text(node, "tls_secret"), node.span
    )


def _schedule(node: Node | None, found: list[Diagnostic]) -> ScheduleConfig | None:
    if node is None:
        return None
    fields = _mapping(node)
    cron = _scalar(fields.get("cron"))
    history = fields.get("history")
    kept = history if isinstance(history, Mapping) else Mapping(node.span)
    return ScheduleConfig(
        cron=_parse(cron, parse_cron, Code.CRON, found),
        timezone=_text(fields, "timezone"),
        concurrency=_text(fields, "concurrency"),
        suspend=_is_true(fields.get("suspend")),
        starting_deadline=_parsed(fields, "starting_deadline", parse_duration, Code.DURATION, found),
        keep_succeeded=_value(_integer(kept, "success")),
        keep_failed=_value(_integer(kept, "failed")),
        span=cron.span,
    )


def _code(node: Node | None) -> CodeConfig | None:
    if not isinstance(node, Mapping):
        return None
    if isinstance(git := node.get("git"), Mapping):
        return CodeConfig(git=_git(git))
    if isinstance(bundle := node.get("bundle"), Mapping):
        return CodeConfig(bundle=_bundle(bundle))
    return CodeConfig(in_image=True)


def _git(node: Mapping) -> GitConfig:
    token = node.get("token_secret")
    secret = token if isinstance(token, Mapping) else Mapping(node.span)
    return GitConfig(
        url=_located(_scalar(node.get("url"))),
        ref=_located(_scalar(node.get("ref"))),
        token_secret=_text(secret, "name"),
        token_key=_text(secret, "key"),
        username_key=_text(secret, "username_key"),
    )


def _bundle(node: Mapping) -> BundleConfig:
    return BundleConfig(_words(node.get("include")) or (), _words(node.get("exclude")) or (), node.span)


def _secret(node: Node) -> SecretConfig:
    secret = _mapping(node)
    keys = secret.get("keys")
    return SecretConfig(_located(_scalar(secret.get("name"))), None if keys is None else _pairs(keys))


def _quantity(
    node: Mapping, key: str, parse: Callable[[str], Quantity], found: list[Diagnostic]
) -> Located[Quantity] | None:
    quantity = _parsed(node, key, parse, Code.QUANTITY, found)
    return None if quantity is None else Located(quantity, node.entries[key].value.span)


def _parsed(
    node: Mapping, key: str, parse: Callable[[str], T], code: Code, found: list[Diagnostic]
) -> T | None:
    value = node.get(key)
    return None if value is None else _parse(_scalar(value), parse, code, found)


def _parse(node: Scalar, parse: Callable[[str], T], code: Code, found: list[Diagnostic]) -> T | None:
    """The value of a text in a language of its own; None, and a diagnostic, if it is not in it."""
    text = node.text if len(node.text) <= _LONGEST_AMOUNT else f"{node.text[:_LONGEST_AMOUNT]}…"
    try:
        return parse(text)
    except (QuantityError, CronError) as error:
        message, _, help = str(error).partition("; ")
        help = help or (_FIELDS if code is Code.CRON else "")
        found.append(Diagnostic(code, message, node.span, help=help or None))
        return None


def _name(node: Scalar) -> Name:
    return Name(node.text, dns_label(node.text), node.span)


def _text(node: Mapping, key: str) -> Located[str] | None:
    value = node.get(key)
    return None if value is None else _located(_scalar(value))


def _integer(node: Mapping, key: str) -> Located[int] | None:
    value = node.get(key)
    if not isinstance(value, Scalar) or not isinstance(value.value, int | float):
        return None
    return Located(int(value.value), value.span)


def _value(located: Located[T] | None) -> T | None:
    return None if located is None else located.value


def _is_true(node: Node | None) -> bool:
    return isinstance(node, Scalar) and node.value is True


def _located(node: Scalar) -> Located[str]:
    return Located(node.text, node.span)


def _words(node: Node | None) -> tuple[Located[str], ...] | None:
    return None if node is None else tuple(_located(_scalar(item)) for item in _items(node))


def _pairs(node: Node | None) -> tuple[Pair, ...]:
    if not isinstance(node, Mapping):
        return ()
    return tuple(Pair(_located(entry.key), _located(_scalar(entry.value))) for entry in node)


def _items(node: Node | None) -> list[Node]:
    return node.items if isinstance(node, Sequence) else []


def _mapping(node: Node | None) -> Mapping:
    assert isinstance(node, Mapping), "the schema asks for keys and values here"
    return node


def _scalar(node: Node | None) -> Scalar:
    assert isinstance(node, Scalar), "the schema asks for a single value here"
    return node
