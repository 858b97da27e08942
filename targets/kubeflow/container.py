"""The container of a step, in Kubeflow's intermediate representation."""

from collections.abc import Collection

from automl.compiler.ir import Resources
from automl.compiler.values.units import Quantity
from automl.targets.kubeflow.backend import Backend
from automl.targets.kubeflow.quoting import Protected
from automl.targets.objects.metadata import Object
from automl.targets.objects.resources import devices

SMALL = Resources(Quantity("100m", 100), Quantity("100M", 100 * 10**6))  # of what we add ourselves


def container(image: str, runs: Protected, amounts: Object) -> Object:
    """A container with what it runs, and the amounts that are reserved for it."""
    container: Object = {"image": image, "command": list(runs.command)}
    if runs.arguments:
        container["args"] = list(runs.arguments)
    container["env"] = [{"name": name, "value": value} for name, value in runs.variables]
    if amounts:
        container["resources"] = amounts
    return container


def amounts(resources: Resources, backend: Backend, written: Collection[str] = ()) -> Object:
    """What is reserved, and limited. `written` are the keys of the config, without which Vertex AI limits nothing.

    All is said twice: the numbers, cores and gigabytes, are for Vertex AI and for old backends.
    """
    cpu, memory = resources.cpu, resources.memory
    if not backend.is_kubernetes:
        return _amounts(
            "Limit",
            cpu if resources.key("cpu") in written else None,
            memory if resources.key("memory") in written else None,
        )
    amounts = _amounts("Request", cpu, memory)
    amounts |= _amounts("Limit", resources.cpu_limit, resources.memory_limit)
    for name, count in devices(resources):  # it knows one kind of device for a container
        of_device: Object = {"resourceType": name, "resourceCount": str(count)}
        amounts["accelerator"] = of_device | {"type": name, "count": str(count)}
    return amounts


def _amounts(what: str, cpu: Quantity | None, memory: Quantity | None) -> Object:
    texts: Object = {}
    numbers: Object = {}
    if cpu:
        texts[f"resourceCpu{what}"] = cpu.text
        numbers[f"cpu{what}"] = cpu.amount / 1000
    if memory:
        texts[f"resourceMemory{what}"] = memory.text
        numbers[f"memory{what}"] = memory.amount / 10**9
    return texts | numbers
