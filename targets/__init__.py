"""The targets: our own in a literal table, other people's by the entry-point group `automl.targets`."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from automl.compiler.target import Target

ENTRY_POINTS = "automl.targets"
OWN: Mapping[str, str] = MappingProxyType(
    {
        "argo": "automl.targets.argo:Argo",
        "kubeflow": "automl.targets.kubeflow:Kubeflow",
        "kubeflow-native": "automl.targets.kubeflow:KubeflowNative",
        "kubernetes": "automl.targets.kubernetes:Kubernetes",
    }
)
ALIASES: Mapping[str, str] = MappingProxyType({"k8s": "kubernetes"})


class BrokenTargetError(Exception):
    """Somebody's target cannot be loaded. The text says which, and why."""


def names() -> list[str]:
    """The names of all targets, our own first."""
    return [*OWN, *sorted(_others())]


def load(name: str) -> Target | None:
    """The target of that name; None if there is none. Raises BrokenTargetError."""
    name = ALIASES.get(name, name)
    if name in OWN:
        return _load(name, OWN[name])
    place = _others().get(name)
    return _load(name, place) if place else None


def _load(name: str, place: str) -> Target:
    module, _, attribute = place.partition(":")
    try:
        target: Target = getattr(import_module(module), attribute)()
    except Exception as error:  # somebody else's code may raise anything
        raise BrokenTargetError(f'the target "{name}" ({place}) cannot be loaded: {error}') from error
    return target


def _others() -> dict[str, str]:
    """Targets of other distributions; none of them takes a name of ours."""
    from importlib.metadata import entry_points

    found = {point.name: point.value for point in entry_points(group=ENTRY_POINTS)}
    return {name: place for name, place in found.items() if name not in OWN}
