"""Services: addresses that do not meet, names that DNS can hold."""

from collections.abc import Iterator

from automl.compiler.config import Config, IngressConfig
from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.names import dns_label


def check_ingresses(config: Config) -> Iterator[Diagnostic]:
    """Two ingresses for the same host and path: one of the services would never be reached."""
    seen: dict[tuple[str, str], IngressConfig] = {}
    for stage in config.stages:
        for step in stage.steps:
            ingress = step.service.ingress if step.service else None
            if ingress is None:
                continue
            first = seen.setdefault(_address(ingress), ingress)
            if first is not ingress:
                yield _same_address(ingress, first)


def _address(ingress: IngressConfig) -> tuple[str, str]:
    return (ingress.host.value if ingress.host else "", ingress.path.value if ingress.path else "/")


def _same_address(ingress: IngressConfig, first: IngressConfig) -> Diagnostic:
    host, path = _address(ingress)
    return Diagnostic(
        Code.SAME_INGRESS,
        f'two services have the address "{host}{path}"',
        ingress.span,
        help="give each a path or a host of its own, for instance `ingress: {path: /api}`",
        related=(Related("the first one", first.span),),
    )


def check_service_names(config: Config) -> Iterator[Diagnostic]:
    """The name of a service is part of an address, and those start with a letter (RFC 1035)."""
    name = config.name
    has_service = any(step.service for stage in config.stages for step in stage.steps)
    if name is None or not has_service or not dns_label(name.value)[:1].isdigit():
        return
    message = f'the workflow has a service, so its name must start with a letter, not "{name.value}"'
    yield Diagnostic(Code.OBJECT_NAME, message, name.span, help="give another `name`")
