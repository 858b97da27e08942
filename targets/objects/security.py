"""What pods and containers may do: what the Pod Security Standard `restricted` asks of them, unless a step says otherwise."""

from automl.compiler.ir import RunAs
from automl.targets.objects.metadata import Object

USER = 1000
_SECCOMP: Object = {"seccompProfile": {"type": "RuntimeDefault"}}

POD_SECURITY: Object = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "fsGroup": USER,
    **_SECCOMP,
}
CONTAINER_SECURITY: Object = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def pod_security(has_claim: bool, run_as: RunAs | None = None) -> Object:
    """What a pod may do. The owners of the files of a disk are seen to once: that of a large one takes long."""
    security = _security_of(run_as) if run_as else POD_SECURITY
    return security | {"fsGroupChangePolicy": "OnRootMismatch"} if has_claim else security


def _security_of(run_as: RunAs) -> Object:
    """Of the user of an image nobody knows whether it is root."""
    if run_as.image:
        return {"fsGroup": USER} | _SECCOMP
    user, group = user_and_group(run_as)
    not_root: Object = {"runAsNonRoot": True} if user else {}
    return not_root | {"runAsUser": user, "runAsGroup": group, "fsGroup": group} | _SECCOMP


def user_and_group(run_as: RunAs | None) -> tuple[int, int]:
    """Their numbers, where those of an image do not count."""
    if run_as is None:
        return USER, USER
    user = USER if run_as.user is None else run_as.user
    return user, user if run_as.group is None else run_as.group
