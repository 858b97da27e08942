"""What a config may say for clusters, and not for one machine."""

from collections.abc import Iterator

from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.ir import Service, Workflow


def same_ports(workflow: Workflow) -> Iterator[Diagnostic]:
    """The services that would listen where another one does: a cluster gives each an address of its own."""
    first: dict[int, Service] = {}
    for service in workflow.services:
        other = first.setdefault(service.port, service)
        if other is not service:
            yield Diagnostic(
                Code.CANNOT_SAY,
                f'the services "{other.step}" and "{service.step}" both listen on port {service.port}, and a machine has it once',
                service.place("service.port"),
                "give each a `port` of its own, for instance by a parameter: `port: ${{ params.port }}`",
                (Related("the first one", other.place("service.port")),),
            )
