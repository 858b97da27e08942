"""Names: none empty, no two alike, and a word on those that change."""

import re
from collections.abc import Iterator

from automl.compiler.config import Config, Located, Name
from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.names import dns_label

_OBJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\Z")


def check_workflow_names(config: Config) -> Iterator[Diagnostic]:
    """The workflow and its namespace."""
    for what, located in (("workflow", config.name), ("namespace", config.namespace)):
        if located is not None:
            yield from _check_name(what, Name(located.value, dns_label(located.value), located.span))


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
    """Names of objects that exist already: they cannot be changed, so they must be right."""
    for name in _references(config):
        if not _OBJECT_NAME.match(name.value):
            fixed = dns_label(name.value)
            help = f'did you mean "{fixed}"?' if fixed else "use letters a-z, digits, dashes and dots"
            message = f'"{name.value}" cannot be the name of a Secret'
            yield Diagnostic(Code.OBJECT_NAME, message, name.span, help=help)


def _references(config: Config) -> Iterator[Located[str]]:
    for stage in config.stages:
        for step in stage.steps:
            yield from (secret.name for secret in step.secrets)
            yield from step.image_pull_secrets
            if step.service and step.service.ingress and step.service.ingress.tls_secret:
                yield step.service.ingress.tls_secret
    if config.code and config.code.git and config.code.git.token_secret:
        yield config.code.git.token_secret
