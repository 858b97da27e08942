"""What to write instead of a key under `targets` that is none there."""

from automl.compiler.tree.stages import Path
from automl.schemas import schema_of

TARGETS = "targets"
_OF_PODS = {  # what automl itself says of a pod, or has a key for on every target
    "restartPolicy": "a job is tried again `backoff_limit` times, and a service is always started again",
    "activeDeadlineSeconds": "write `timeout` in the step",
    "serviceAccountName": "write `service_account` in the step, or at the top of the file",
    "serviceAccount": "write `service_account` in the step, or at the top of the file",
    "automountServiceAccountToken": "a job has the token of the account that its `service_account` names",
    "imagePullSecrets": "write `image_pull_secrets` in the step",
    "volumes": "write `volumes` at the top of the file, and mount them by those of the step",
    **dict.fromkeys(
        ("containers", "initContainers", "ephemeralContainers"),
        "the containers are automl's: the keys of the step say what runs in them",
    ),
}
_OF_CONTAINERS = (
    "allowPrivilegeEscalation",
    "capabilities",
    "privileged",
    "procMount",
    "readOnlyRootFilesystem",
)
_WITHOUT = ("kubeflow", "kubeflow-native", "local")


def for_unknown_of_targets(name: str, path: Path) -> str | None:
    """The way out for a target that has no options, and for what is no matter of a single step."""
    if path[-1:] == [TARGETS] and name in _WITHOUT:
        return f"remove it: {name} has no options of its own"
    if path[-1:] == ["pod"] and name in _OF_PODS:
        return _OF_PODS[name]
    if path[-2:] == ["pod", "securityContext"] and name in _OF_CONTAINERS:
        return "remove it: containers have it, not pods, and automl says it of them"
    if len(path) < 2 or path[-2] != TARGETS:
        return None
    holder = path[-1]
    if name in schema_of(f"{TARGETS}.{holder}")["properties"]:
        return (
            f"it is a matter of the whole run: `targets: {{{holder}: {{{name}: …}}}}` at the top of the file"
        )
    return None
