"""Services: addresses that do not meet, names that DNS can hold."""

from collections.abc import Iterator

from automl.compiler.config.config import Config
from automl.compiler.config.ingress_paths import ingress_of, says_nowhere, shares_root
from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.ir import Ingress
from automl.compiler.patterns import regex
from automl.compiler.values.dns import LONGEST, dns_label, is_dns_subdomain

_NUMBER = "0*(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_IP_ADDRESS = regex(rf"({_NUMBER}\.){{3}}{_NUMBER}\Z")
_NOT_IN_A_PATH = ("//", "/./", "/../", "%2f", "%2F")
_NOT_AT_ITS_END = ("/.", "/..")
_HELP = "give each a path or a host of its own, for instance `ingress: {path: /api}`"


def check_ingresses(config: Config) -> Iterator[Diagnostic]:
    """Two ingresses for the same host and path: one of the services would never be reached."""
    root_is_shared = shares_root(config)
    seen: dict[tuple[str, str], Ingress] = {}
    for ingress in filter(None, (ingress_of(step, root_is_shared) for step in config.steps)):
        path, host = ingress.path, ingress.host or ""
        first = seen.setdefault((host, path), ingress)
        if first is not ingress:
            message = f'two services have the address "{host}{path}"'
            related = (Related("the first one", first.span),)
            yield Diagnostic(Code.SAME_INGRESS, message, ingress.span, help=_HELP, related=related)
        elif root_is_shared and says_nowhere(ingress):
            message = f'several services have an ingress and no path; this one gets "{path}"'
            yield Diagnostic(Code.CHOSEN_PATH, message, ingress.span, help=_HELP)


def check_hosts(config: Config) -> Iterator[Diagnostic]:
    """Hosts that the API server takes (validateIngressRules of pkg/apis/networking/validation) and that DNS can have."""
    for ingress in _ingresses(config):
        host = ingress.written.get("host")
        if host and (why := _wrong_host(host.value)):
            message = f'"{host.value}" cannot be the host of an ingress: {why}'
            help = "give a name that DNS leads to the ingress controller, or leave it out for every host"
            yield Diagnostic(Code.ADDRESS, message, host.span, help=help)


def _wrong_host(host: str) -> str | None:
    if _IP_ADDRESS.match(host):
        return "it is an IP address"
    name = host.removeprefix("*.")
    if not is_dns_subdomain(name) or not is_dns_subdomain(host.replace("*", "x", 1)):
        return (
            "between its dots are letters a-z, digits and dashes, no dash first or last; at most 253 together"
        )
    if any(len(part) > LONGEST for part in name.split(".")):
        return f"a part between its dots has more than {LONGEST} characters"
    return None


def check_paths(config: Config) -> Iterator[Diagnostic]:
    """Paths that the API server takes for a prefix (validateHTTPIngressPath of pkg/apis/networking/validation)."""
    for ingress in _ingresses(config):
        path = ingress.written.get("path")
        if path and (part := _wrong_part(path.value)):
            message = f'"{path.value}" cannot be the path of an ingress: it has "{part}" in it'
            help = "write the start of the paths as the program sees them, for instance /api/v1"
            yield Diagnostic(Code.ADDRESS, message, path.span, help=help)


def _wrong_part(path: str) -> str | None:
    inside = (part for part in _NOT_IN_A_PATH if part in path)
    return next(inside, None) or next((end for end in _NOT_AT_ITS_END if path.endswith(end)), None)


def check_readiness_paths(config: Config) -> Iterator[Diagnostic]:
    """A path that the kubelet reads as one: it is the reference of a URL, so `//host/path` loses its host."""
    for step in config.steps:
        path = step.service.readiness_path if step.service else None
        if path and path.value.startswith("//"):
            message = f'"{path.value}" cannot be the path of a probe: what follows "//" is a host there'
            help = f'write "/{path.value.lstrip("/")}"'
            yield Diagnostic(Code.ADDRESS, message, path.span, help=help)


def _ingresses(config: Config) -> Iterator[Ingress]:
    for step in config.steps:
        if step.service and step.service.ingress:
            yield step.service.ingress


def check_service_names(config: Config) -> Iterator[Diagnostic]:
    """The name of a service is part of an address, and those start with a letter (RFC 1035)."""
    name = config.name
    has_service = any(step.service for step in config.steps)
    if name is None or not has_service or not dns_label(name.value)[:1].isdigit():
        return
    message = f'the workflow has a service, so its name must start with a letter, not "{name.value}"'
    yield Diagnostic(Code.OBJECT_NAME, message, name.span, help="give the workflow another `name:`")
