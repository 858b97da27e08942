"""The targets: our own in a literal table, other people's by the entry-point group `automl.targets`."""

import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from automl.compiler.capabilities import check_tables
from automl.compiler.target import Target

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINTS = "automl.targets"
OWN: Mapping[str, str] = MappingProxyType(
    {
        "argo": "automl.targets.argo:Argo",
        "kubeflow": "automl.targets.kubeflow:Kubeflow",
        "kubeflow-native": "automl.targets.kubeflow:KubeflowNative",
        "kubernetes": "automl.targets.kubernetes:Kubernetes",
        "local": "automl.targets.local:Local",
        "slurm": "automl.targets.slurm:Slurm",
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
    point = _others().get(name)
    return _load(name, point.value, _distribution(point)) if point else None


def ignored() -> list[str]:
    """A line for each target of another distribution that has a name of ours."""
    return [
        f'the target "{point.name}" of {_distribution(point)} is ignored: the name is taken'
        for point in _announced()
        if point.name in OWN or point.name in ALIASES
    ]


def is_own(target: Target) -> bool:
    """Whether the target is one of ours."""
    return type(target).__module__.startswith(f"{__name__}.")


def _load(name: str, place: str, owner: str = "automl") -> Target:
    module, _, attribute = place.partition(":")
    try:
        with redirect_stdout(sys.stderr):  # stdout is for what was asked
            target: Target = getattr(import_module(module), attribute)()
        if not (target.name and target.summary and target.versions and target.forms):
            raise TypeError("it lacks a name, a summary, versions or forms")
        if target.name != name:
            raise ValueError(f'it calls itself "{target.name}"')
        if name not in OWN:
            check_tables(target)
    except (Exception, SystemExit) as error:  # somebody else's code may raise anything
        what = str(error) or type(error).__name__
        raise BrokenTargetError(
            f'the target "{name}" ({place}) of {owner} cannot be loaded: {what}'
        ) from error
    return target


def _others() -> "dict[str, EntryPoint]":
    """Targets of other distributions; none of them takes a name of ours."""
    return {
        point.name: point for point in _announced() if point.name not in OWN and point.name not in ALIASES
    }


def _announced() -> "tuple[EntryPoint, ...]":
    from importlib.metadata import entry_points  # a fifth of the start-up time, for who needs it only

    return tuple(entry_points(group=ENTRY_POINTS))


def _distribution(point: "EntryPoint") -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown distribution"
