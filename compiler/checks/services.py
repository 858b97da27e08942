"""Services: addresses that do not meet, names that DNS can hold."""

from collections.abc import Iterator

from automl.compiler.addresses import ingress_path, says_nowhere, shares_root
from automl.compiler.config import Config, IngressConfig, StepConfig
from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.names import dns_label

_HELP = "give each a path or a host of its own, for instance `ingress: {path: /api}`"


def check_ingresses(config: Config) -> Iterator[Diagnostic]:
    """Two ingresses for the same host and path: one of the services would never be reached."""
    root_is_shared = shares_root(config)
    seen: dict[tuple[str, str], IngressConfig] = {}
    for step, ingress in _ingresses(config):
        path = ingress_path(step, ingress, root_is_shared)
        host = ingress.host.value if ingress.host else ""
        first = seen.setdefault((host, path), ingress)
        if first is not ingress:
            message = f'two services have the address "{host}{path}"'
            related = (Related("the first one", first.span),)
            yield Diagnostic(Code.SAME_INGRESS, message, ingress.span, help=_HELP, related=related)
        elif root_is_shared and says_nowhere(ingress):
            message = f'several services have an ingress and no path; this one gets "{path}"'
            yield Diagnostic(Code.CHOSEN_PATH, message, ingress.span, help=_HELP)


def _ingresses(config: Config) -> Iterator[tuple[StepConfig, IngressConfig]]:
    for stage in config.stages:
        for step in stage.steps:
            if step.service and step.service.ingress:
                yield step, step.service.ingress


def check_service_names(config: Config) -> Iterator[Diagnostic]:
    """The name of a service is part of an address, and those start with a letter (RFC 1035)."""
    name = config.name
    has_service = any(step.service for stage in config.stages for step in stage.steps)
    if name is None or not has_service or not dns_label(name.value)[:1].isdigit():
        return
    message = f'the workflow has a service, so its name must start with a letter, not "{name.value}"'
    yield Diagnostic(Code.OBJECT_NAME, message, name.span, help="give another `name`")
