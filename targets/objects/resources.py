"""What the container of a task has of a machine, as Kubernetes says it."""

from collections.abc import Iterator
from functools import lru_cache

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Gpus, Resources, Task, Workflow
from automl.targets.objects.metadata import Object
from automl.targets.writers.yaml import Value

TPU = "google.com/tpu"
SHM = "shm"
"""The volume of shared memory."""
PRODUCTS = {"nvidia.com": "nvidia.com/gpu.product"}
"""The label that says which model the GPUs of a node are, by the domain of what they are called: NVIDIA's GPU feature
discovery makes it, which comes with its operator (https://github.com/NVIDIA/k8s-device-plugin, docs/gpu-feature-discovery)."""


def amounts(resources: Resources) -> Object:
    """What is reserved, and limited. What a device plugin hands out is a limit; it is reserved then, too."""
    requests: Object = {"cpu": resources.cpu.text, "memory": resources.memory.text}
    if resources.disk:
        requests["ephemeral-storage"] = resources.disk.text
    limits: Object = {}
    if resources.cpu_limit:
        limits["cpu"] = resources.cpu_limit.text
    if resources.memory_limit:
        limits["memory"] = resources.memory_limit.text
    limits |= {name: str(count) for name, count in devices(resources)}
    if limits or resources.disk:
        return {"requests": requests, "limits": limits} if limits else {"requests": requests}
    return _requested(resources.cpu.text, resources.memory.text)


@lru_cache  # one object, whose lines are written once
def _requested(cpu: str, memory: str) -> Object:
    return {"requests": {"cpu": cpu, "memory": memory}}


def devices(resources: Resources) -> Iterator[tuple[str, int]]:
    """What device plugins hand out, and how many of it."""
    if resources.gpu:
        yield resources.gpu.resource, resources.gpu.number
    if resources.tpu:
        yield TPU, resources.tpu


def shm_mount(resources: Resources) -> Iterator[Object]:
    """Where shared memory is found."""
    if resources.shm:
        yield {"name": SHM, "mountPath": "/dev/shm"}


def shm_volume(resources: Resources) -> Iterator[Value]:
    """The volume of it: memory, which counts as that of the container."""
    if resources.shm:
        yield {"name": SHM, "emptyDir": {"medium": "Memory", "sizeLimit": resources.shm.text}}


def model_label(resources: Resources) -> dict[str, str]:
    """The label that a node must have for the model of the GPUs."""
    label = _label(resources.gpu) if resources.gpu else None
    return {label: resources.gpu.model} if label and resources.gpu and resources.gpu.model else {}


def _label(gpu: Gpus) -> str | None:
    return PRODUCTS.get(gpu.resource.partition("/")[0])


def unknown_models(workflow: Workflow) -> Iterator[Diagnostic]:
    """Models that no node is labelled with so: its pods would wait for ever."""
    for task in workflow.tasks:
        gpu = task.resources.gpu
        if gpu is None or gpu.model is None:
            continue
        place, label = gpu.written["model"].span, _label(gpu)
        if label is None:
            message = f'nothing is known of the model of a "{gpu.resource}": it is no GPU of NVIDIA\'s'
            help = "leave it out, and choose the nodes by their labels: `node_selector`"
            yield Diagnostic(Code.CANNOT_SAY, message, place, help)
        elif "-" not in gpu.model:
            message = (
                f'no node has GPUs that are labelled "{gpu.model}": `{label}` has the whole name of a product'
            )
            help = f"write it as the nodes have it, for instance NVIDIA-A100-SXM4-40GB; `kubectl get nodes -L {label}` lists them"
            yield Diagnostic(Code.CANNOT_SAY, message, place, help)
        elif _selected(task, label) not in (None, gpu.model):
            message = f'"{gpu.model}" and the `node_selector` contradict each other: both ask for a `{label}`'
            yield Diagnostic(Code.CANNOT_SAY, message, place, "keep one of them")


def _selected(task: Task, label: str) -> str | None:
    pairs = task.placement.node_selector
    return next((pair.value.value for pair in pairs if pair.key.value == label), None)
