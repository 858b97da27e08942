"""Where a pod may run."""

from automl.compiler.ir import Placement, Toleration
from automl.targets.objects.metadata import Object


def placed(placement: Placement) -> Object:
    """What a pod says of the nodes that it may run on."""
    pod: Object = {}
    if placement.node_selector:
        pod["nodeSelector"] = selector(placement)
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
