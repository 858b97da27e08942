"""What pods and containers may do: what the Pod Security Standard `restricted` asks of them."""

from automl.targets.objects.metadata import Object

USER = 1000

POD_SECURITY: Object = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "fsGroup": USER,
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONTAINER_SECURITY: Object = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def pod_security(has_claim: bool) -> Object:
    """What a pod may do. The owners of the files of a disk are seen to once: that of a large one takes long."""
    return POD_SECURITY | {"fsGroupChangePolicy": "OnRootMismatch"} if has_claim else POD_SECURITY
