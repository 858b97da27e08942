"""Names: none empty, no two alike, and a word on those that change."""

from collections.abc import Callable, Iterator

from automl.compiler.config.config import Config
from automl.compiler.config.located import Name
from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.patterns import regex
from automl.compiler.source import Located
from automl.compiler.values.dns import LONGEST, LONGEST_SUBDOMAIN, dns_label, is_dns_label, is_dns_subdomain

_OUTSIDE = regex("[^-a-z0-9.]")


def check_workflow_name(config: Config) -> Iterator[Diagnostic]:
    """The workflow."""
    if config.name is not None:
        name = Name(config.name.value, dns_label(config.name.value), config.name.span)
        is_written = name.span != config.span
        yield from _check_name("workflow", name) if is_written else _check_place(name)


def _check_place(name: Name) -> Iterator[Diagnostic]:
    """The workflow has no name of its own, so it is called as the folder, and the file, that it is in."""
    if not name.label:
        message = f'the workflow is named after its folder, and "{name.written}" has no letter or digit in it'
        yield Diagnostic(Code.EMPTY_NAME, message, name.span, help="give the workflow a `name:`")
    elif name.label != name.written:
        message = f'the workflow is named after its folder: "{name.written}" becomes "{name.label}"'
        yield Diagnostic(Code.CHANGED_NAME, message, name.span, help="give the workflow a `name:`")


def check_namespace(config: Config) -> Iterator[Diagnostic]:
    """The namespace exists already: it cannot be changed, so it must be right."""
    name = config.namespace
    if name is not None and not is_dns_label(name.value):
        help = _did_you_mean(name.value, is_dns_label, LONGEST)
        help = help or f"at most {LONGEST} letters a-z, digits and dashes, a letter or digit first and last"
        message = f'"{name.value}" cannot be the name of a namespace'
        yield Diagnostic(Code.OBJECT_NAME, message, name.span, help=help)


def check_stage_names(config: Config) -> Iterator[Diagnostic]:
    """The stages: two that are the same name once made a DNS label are an error."""
    yield from _check_names("stage", [stage.name for stage in config.stages])


def check_step_names(config: Config) -> Iterator[Diagnostic]:
    """The steps, stage by stage: two stages may each have a step of the same name."""
    for stage in config.stages:
        yield from _check_names("step", [step.name for step in stage.steps])


def _check_names(what: str, names: list[Name]) -> Iterator[Diagnostic]:
    seen: dict[str, Name] = {}
    for name in names:
        yield from _check_name(what, name)
        first = seen.setdefault(name.label, name)
        if first is not name and name.label:
            yield _same(what, name, first)


def _check_name(what: str, name: Name) -> Iterator[Diagnostic]:
    if not name.label:
        message = f'the {what} name "{name.written}" has no letter or digit in it'
        yield Diagnostic(Code.EMPTY_NAME, message, name.span, help="use letters a-z, digits and dashes")
    elif name.label != name.written:
        message = f'the {what} name "{name.written}" becomes "{name.label}"'
        yield Diagnostic(Code.CHANGED_NAME, message, name.span)


def _same(what: str, name: Name, first: Name) -> Diagnostic:
    both = f'"{name.written}"' if name.written == first.written else f'"{name.written}" and "{first.written}"'
    return Diagnostic(
        Code.SAME_NAME,
        f'two {what}s have the name "{name.label}": {both}',
        name.span,
        help="give one of them another name",
        related=(Related("the first one", first.span),),
    )


def check_references(config: Config) -> Iterator[Diagnostic]:
    """Names of other objects that exist already."""
    for what, name in _references(config):
        if not is_dns_subdomain(name.value):
            help = _did_you_mean(name.value, is_dns_subdomain, LONGEST_SUBDOMAIN)
            message = f'"{name.value}" cannot be the name of {what}'
            help = help or "use letters a-z, digits, dashes and dots, a letter or digit first and last"
            yield Diagnostic(Code.OBJECT_NAME, message, name.span, help=help)


def _references(config: Config) -> Iterator[tuple[str, Located[str]]]:
    for step in config.steps:
        ingress = step.service.ingress if step.service else None
        secrets = [*(secret.written["name"] for secret in step.secrets), *step.image_pull_secrets]
        if ingress and ingress.tls_secret:
            secrets.append(ingress.written["tls_secret"])
        yield from (("a Secret", name) for name in secrets)
        if step.service_account:
            yield "a ServiceAccount", step.service_account
        if ingress and ingress.class_name:
            yield "an IngressClass", ingress.written["class"]
    yield from _disks(config)
    for tracker in config.tracking.all if config.tracking else ():
        if tracker.secret:
            yield "a Secret", tracker.secret.written["name"]
    if config.service_account:
        yield "a ServiceAccount", config.service_account
    if config.code and config.code.git and config.code.git.token_secret:
        yield "a Secret", config.code.git.written["token_secret.name"]


def _disks(config: Config) -> Iterator[tuple[str, Located[str]]]:
    """What volumes, the workspace and the store name."""
    kinds = {
        "claim": "a claim",
        "config_map": "a ConfigMap",
        "secret": "a Secret",
        "storage_class": "a StorageClass",
    }
    for noun in (*config.volumes, config.workspace, config.artifacts):
        if noun is not None:
            yield from ((what, noun.written[key]) for key, what in kinds.items() if key in noun.written)


def _did_you_mean(text: str, is_right: Callable[[str], bool], longest: int) -> str | None:
    """The nearest name that is right; none for one that is too long, which could only be guessed."""
    lower = text.lower()
    candidates = (lower, _OUTSIDE.sub("-", lower), dns_label(text))
    fixed = next((name for name in candidates if is_right(name)), None) if len(text) <= longest else None
    return f'did you mean "{fixed}"?' if fixed else None
