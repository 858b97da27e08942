"""Labels, annotations, environment variables and the time zone: what Kubernetes and the IANA allow."""

from collections.abc import Iterable, Iterator

from automl.compiler.config.config import Config
from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.ir import Secret
from automl.compiler.patterns import regex
from automl.compiler.source import Located, Pair
from automl.compiler.suggest import did_you_mean
from automl.compiler.values.dns import is_dns_subdomain, label_value

_KEY_NAME = regex(r"([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]\Z")
_LABEL_VALUE = regex(r"(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?\Z")
_VARIABLE = regex(r"(?!\.\Z|\.\.)[-._a-zA-Z][-._a-zA-Z0-9]*\Z")
_RESERVED_PREFIXES = (
    "automl.dev/",
    "workflows.argoproj.io/",
    "pipelines.kubeflow.org/",
    "batch.kubernetes.io/",  # the Job controller's own; another value is refused when the Job is made
    "deployment.kubernetes.io/",
    "container.apparmor.security.beta.kubernetes.io/",
)
_RESERVED_LABELS = (
    "app.kubernetes.io/name",
    "app.kubernetes.io/managed-by",
    "job-name",
    "controller-uid",
    "pod-template-hash",
    "kubectl.kubernetes.io/last-applied-configuration",
)
_RESERVED_VARIABLES = "AUTOML_"


def check_labels(config: Config) -> Iterator[Diagnostic]:
    """Keys and values of labels."""
    for pair in _all(config.labels, [step.labels for step in config.steps]):
        yield from _check_key(pair.key, "label")
        yield from check_label_value(pair.value, "label", "; or use `annotations`")


def check_version(config: Config) -> Iterator[Diagnostic]:
    """The version becomes a label, whatever is in it."""
    version = config.version
    label = label_value(version.value) if version else ""
    if version and not label:
        message = f'nothing of the version "{version.value}" can be in a label, so no object has it'
        help = "use letters, digits, `-`, `_` and `.`"
        yield Diagnostic(Code.LOST_VERSION, message, version.span, help=help)
    elif version and label != version.value:
        message = f'the version "{version.value}" becomes "{label}" in the label of the objects'
        yield Diagnostic(Code.CHANGED_VERSION, message, version.span)


def check_annotations(config: Config) -> Iterator[Diagnostic]:
    """Keys of annotations; their values are free."""
    for pair in _all(config.annotations, [step.annotations for step in config.steps]):
        yield from _check_key(pair.key, "annotation")


def _all(pairs: tuple[Pair, ...], more: list[tuple[Pair, ...]]) -> Iterator[Pair]:
    yield from pairs
    for others in more:
        yield from others


def check_label_value(value: Located[str], what: str, or_else: str = "") -> Iterator[Diagnostic]:
    """The value of a label, or of what is chosen by one."""
    if not _LABEL_VALUE.match(value.value):
        help = f"at most 63 letters, digits, `-`, `_` and `.`, a letter or digit first and last{or_else}"
        message = f'"{value.value}" cannot be the value of a {what}'
        yield Diagnostic(Code.LABEL, message, value.span, help=help)


def check_label_key(key: Located[str], what: str) -> Iterator[Diagnostic]:
    """The key of a label, or of what is chosen by one."""
    prefix, slash, name = key.value.rpartition("/")
    if not _KEY_NAME.match(name) or (slash and not is_dns_subdomain(prefix)):
        help = "a key is name or example.com/name; the name has at most 63 letters, digits, `-`, `_` and `.`"
        yield Diagnostic(Code.LABEL, f'"{key.value}" cannot be the key of a {what}', key.span, help=help)


def _check_key(key: Located[str], what: str) -> Iterator[Diagnostic]:
    yield from check_label_key(key, what)
    if key.value.startswith(_RESERVED_PREFIXES) or key.value in _RESERVED_LABELS:
        message = f'the {what} "{key.value}" is set by automl or the engine'
        yield Diagnostic(Code.LABEL, message, key.span, help="choose another key")


def check_variables(config: Config) -> Iterator[Diagnostic]:
    """Names of environment variables; each is set once in a step."""
    for step in config.steps:
        yield from _check_variables([*(pair.key for pair in step.envs), *_variables(step.secrets)])
    if config.tracking:
        secrets = (tracker.secret for tracker in config.tracking.all if tracker.secret)
        yield from _check_variables([*_variables(secrets)])


def _variables(secrets: Iterable[Secret]) -> Iterator[Located[str]]:
    """The variables that keys of Secrets become."""
    for secret in secrets:
        yield from (name for key, name in secret.written.items() if key != "name")


def _check_variables(names: list[Located[str]]) -> Iterator[Diagnostic]:
    seen: dict[str, Located[str]] = {}
    for name in names:
        first = seen.setdefault(name.value, name)
        if not _VARIABLE.match(name.value):
            help = "use letters, digits and `_`, no digit first"
            message = f'"{name.value}" cannot be the name of an environment variable'
            yield Diagnostic(Code.VARIABLE_NAME, message, name.span, help=help)
        elif name.value.startswith(_RESERVED_VARIABLES):
            message = f'the variable "{name.value}" is automl\'s: names that start with AUTOML_ are taken'
            yield Diagnostic(Code.VARIABLE_NAME, message, name.span, help="choose another name")
        elif first is not name:
            related = (Related("the first one", first.span),)
            message = f'the variable "{name.value}" is set twice'
            yield Diagnostic(Code.SAME_NAME, message, name.span, help="remove one of them", related=related)


def check_timezone(config: Config) -> Iterator[Diagnostic]:
    """The zone of the schedule, against the IANA list that the package tzdata carries."""
    zone = config.schedule.written.get("timezone") if config.schedule else None
    if zone is None:
        return
    known = _zones()
    if zone.value not in known:
        city = zone.value.replace(" ", "_").lower()
        of_city = (zone for zone in known if zone.lower().rpartition("/")[2] == city)
        suggestion = next(of_city, None) or did_you_mean(zone.value, known)
        help = (
            f'did you mean "{suggestion}"?'
            if suggestion
            else "a zone is an IANA name, for instance Europe/Berlin"
        )
        yield Diagnostic(Code.TIMEZONE, f'"{zone.value}" is not a time zone', zone.span, help=help)


def _zones() -> list[str]:
    from importlib.resources import files

    return files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
