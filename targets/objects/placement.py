"""Where a pod may run."""

from collections.abc import Mapping
from types import MappingProxyType

from automl.compiler.ir import Placement, Toleration
from automl.targets.objects.metadata import Object

NO_LABELS: Mapping[str, str] = MappingProxyType({})


def placed(placement: Placement, more: Mapping[str, str] = NO_LABELS) -> Object:
    """What a pod says of the nodes that it may run on; they have more labels, too."""
    pod: Object = {}
    if labels := selector(placement) | dict(more):
        pod["nodeSelector"] = labels
    if placement.tolerations:
        pod["tolerations"] = [tolerated(toleration) for toleration in placement.tolerations]
    return pod


def selector(placement: Placement) -> Object:
    """The labels that a node must have."""
    return {pair.key.value: pair.value.value for pair in placement.node_selector}


def tolerated(toleration: Toleration) -> Object:
    """Taints that do not keep a pod away."""
    written: Object = {
        "key": toleration.key,
        "operator": toleration.operator,
        "value": toleration.value,
        "effect": toleration.effect,
        "tolerationSeconds": toleration.seconds,
    }
    return {key: value for key, value in written.items() if value is not None}
