"""The container of a step, in Kubeflow's intermediate representation."""

from collections.abc import Collection

from automl.compiler.ir import Resources
from automl.compiler.values.units import Quantity
from automl.targets.kubeflow.backend import Backend
from automl.targets.kubeflow.quoting import Protected
from automl.targets.objects.metadata import Object

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
    """What is reserved. `written` are the keys of the config, without which Vertex AI limits nothing.

    All is said twice: the numbers, cores and gigabytes, are for Vertex AI and for old backends.
    """
    what = "Request" if backend.is_kubernetes else "Limit"
    cpu, memory = resources.cpu, resources.memory
    amounts: Object = {
        f"resourceCpu{what}": cpu.text,
        f"resourceMemory{what}": memory.text,
        f"cpu{what}": cpu.amount / 1000,
        f"memory{what}": memory.amount / 10**9,
    }
    if backend.is_kubernetes:
        return amounts
    return {name: amount for name, amount in amounts.items() if _key(name) in written}


def _key(amount: str) -> str:
    """The key of the config that says an amount."""
    return "cpu_request" if "cpu" in amount.lower() else "memory_request"
