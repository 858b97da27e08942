"""What Kubeflow's driver and Argo make of the mounts of the platform document, with folders for volumes.

The paths are those in kubeflow/pipelines 2.15.0. Its driver puts a volume and a mount into the patch of the pod for each
entry (extendPodSpecPatch and makeVolumeMountPatch in backend/src/v2/driver/k8s.go), and calls the volume of a claim, of a
Secret and of a ConfigMap as the thing itself. Argo puts the patch over the pod (ApplyPodSpecPatch in
workflow/util/util.go of argo-workflows 3.7): volumes with one name become one, with the sources of all of them, and a
mount takes the place of that at the same path.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from automl.targets.objects.volumes import CODE, WORK
from tests.runtime import kubelet

Object = dict[str, Any]
KINDS = {"pvcMount": "pvc", "secretAsVolume": "secret", "configMapAsVolume": "configMap"}
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SECRETS = "/automl/secrets"
# of the executor's template: addContainerExecutorTemplate in backend/src/v2/compiler/argocompiler/container.go
_OF_KUBEFLOW = {
    "kfp-launcher": "/kfp-launcher",
    "gcs-scratch": "/gcs",
    "s3-scratch": "/s3",
    "minio-scratch": "/minio",
    "dot-local-scratch": "/.local",
    "dot-cache-scratch": "/.cache",
    "dot-config-scratch": "/.config",
}


def mounted(said: Object, folder: Path, claims: Path, sources: kubelet.Sources) -> Mapping[str, Path]:
    """The folders of what a pod mounts by their paths in it, but for those that the kubelet of the tests knows.

    A claim is a folder for all pods, everything else one of this pod.
    """
    if not said:  # Vertex AI has no platform document
        said = {"emptyDirMounts": [{"volumeName": "work", "mountPath": WORK}]}
    volumes: dict[str, Object] = {name: {"emptyDir": {}} for name in _OF_KUBEFLOW}
    mounts = {path: name for name, path in _OF_KUBEFLOW.items()}
    for field, kind in {**KINDS, "emptyDirMounts": ""}.items():
        for entry in said.get(field, []):
            name = named(entry, kind) if kind else str(entry["volumeName"])
            volumes.setdefault(name, {})[kind or "emptyDir"] = name if kind else {}
            mounts[entry["mountPath"]] = name
    assert all(_LABEL.fullmatch(name) for name in volumes), volumes.keys()
    assert all(len(sources) == 1 for sources in volumes.values()), "a volume has more than one type"
    assert all(mounts[path] == name for name, path in _OF_KUBEFLOW.items()), "a mount hides one of Kubeflow"
    may_be_root = "securityContext" not in said
    made: dict[str, Path] = {}
    for path, name in mounts.items():
        if name in _OF_KUBEFLOW or (name in made and not _is_known(path)):
            continue
        if "pvc" in volumes[name]:
            made[name] = _claim(claims / name, may_be_root)
        else:
            place = path.removeprefix("/automl/") if _is_known(path) else f"volumes/{name}"
            made[name] = _volume(folder, place, name, volumes[name], sources)
    return {path: made[name] for path, name in mounts.items() if name in made and not _is_known(path)}


def _is_known(path: str) -> bool:
    """Whether the kubelet of the tests looks for it in the folder of the pod."""
    return path in (CODE, WORK) or path.startswith(f"{_SECRETS}/")


def named(entry: Object, kind: str) -> str:
    """What an entry names, which is known when the pipeline is compiled."""
    return str(entry[f"{kind}NameParameter"]["runtimeValue"]["constant"])


def _volume(folder: Path, place: str, name: str, source: Object, sources: kubelet.Sources) -> Path:
    volume: Object = {"name": place, **source}
    if "secret" in source:
        volume["secret"] = {"secretName": name}
    if "configMap" in source:
        volume["configMap"] = {"name": name}
    (folder / place).parent.mkdir(exist_ok=True)
    kubelet.make_volumes(folder, [volume], sources)
    return folder / place


def _claim(path: Path, may_be_root: bool) -> Path:
    """The disk of a claim. It is root's, and no group's: a pod of Kubeflow has no `fsGroup`.

    Here nobody is root who would be in a cluster, so its folder is everybody's for them.
    """
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o777 if may_be_root else 0o755)
    return path
