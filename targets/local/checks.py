"""What a config may say for clusters, and not for one machine."""

from collections.abc import Iterator

from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.ir import Service, Workflow
from automl.targets.local.mounts import is_process

OUR_GPU = "nvidia.com/gpu"


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


def amounts(workflow: Workflow) -> Iterator[Diagnostic]:
    """What a machine has nobody to hand out, or to hold to."""
    for task in workflow.tasks:
        gpu = task.resources.gpu
        if gpu and gpu.resource != OUR_GPU:
            message = f'"resource" cannot be "{gpu.resource}" here: the queue knows the GPUs of NVIDIA alone'
            place = task.place("resources.gpu.resource")
            yield Diagnostic(Code.CANNOT_SAY, message, place, f"leave it out: {OUR_GPU} is meant then")
    for task in workflow.tasks:
        if is_process(task) and (task.resources.cpu_limit or task.resources.memory_limit):
            message = f'nobody holds the process of "{task.step}" to its limits here, nor that of any step without an image'
            help = "give the step an `image`: podman and docker hold it to them"
            yield Diagnostic(Code.ENGINE_LIMIT, message, task.place("resources.limits"), help)
            return  # it is the same of all
