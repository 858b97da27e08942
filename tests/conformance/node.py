"""The node that a test is to a control plane: the containers of pods run as processes of this machine.

What the kubelet makes of a pod is played as its source has it; the paths are those in k8s.io/kubernetes. There are no
images: a folder with programs stands for one, and a container finds its other folders where this machine has them.
"""

import base64
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.conformance.workflows import Object, Place, Process
from tests.runtime import kubelet

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
WORK = "/automl/work"
SECONDS = 300  # a coordinator of many Jobs takes minutes, on a busy machine
# MaxContainerTerminationMessageLength in pkg/kubelet/container/runtime.go
MESSAGE_BYTES = 4096


SOURCES = {
    "configMap": "configmaps",
    "configMapKeyRef": "configmaps",
    "secret": "secrets",
    "secretKeyRef": "secrets",
}


class Command(NamedTuple):
    """What a container starts, when the kubelet has filled in the variables."""

    words: list[str]
    variables: dict[str, str]


class Ended(NamedTuple):
    """How a container ended, with what it said and its termination message."""

    container: str
    exit_code: int
    lines: Sequence[str]
    message: str


class Node:
    """Runs the pods of a namespace. `programs` is what the PATH begins with, `settings` says who runs processes."""

    def __init__(self, place: Place, programs: Path, **settings: Any) -> None:
        self.place, self.programs, self.settings = place, programs, settings
        self.variables: Mapping[str, str] = {}  # of all its containers, unless their own are others

    def run(self, pod: Object, name: str = "main", **variables: str) -> Ended:
        """Run a container to its end; what it says is in the `processes` of the place. Variables are the image's."""
        container = container_of(pod, name)
        command, folders = self.command_of(pod, container), self.folders(pod, container)
        of_pod = {each: moved(value, folders) for each, value in command.variables.items()}
        words = [moved(word, folders) for word in command.words]
        environment = {**self._of_node(folders), **self.variables, **variables, **of_pod}
        process = Process(words, environment, _folder(container, folders), **self.settings)
        self.place.processes.append(process)
        exit_code = process.end(SECONDS)
        return Ended(name, exit_code, process.lines, _message(folders[container["terminationMessagePath"]]))

    def command_of(self, pod: Object, container: Object) -> Command:
        """The words and the variables, as makeEnvironmentVariables in pkg/kubelet/kubelet_pods.go has them."""
        env = container.get("env", [])
        sources = self._sources(each.get("valueFrom", {}) for each in env)
        variables = kubelet.variables_of(env, sources, _fields(pod))
        words = [*container.get("command", []), *container.get("args", [])]
        return Command([kubelet.expanded(word, variables) for word in words], variables)

    def folders(self, pod: Object, container: Object) -> dict[str, Path]:
        """Where this machine has what is mounted in a container, by the paths in there.

        The file for its last words is mounted too, and everybody may write to it: makeMounts in
        pkg/kubelet/kuberuntime/kuberuntime_container.go.
        """
        folder = self.place.folder / str(pod["metadata"]["name"])
        folder.mkdir(exist_ok=True)
        volumes = {each["name"]: each for each in pod["spec"]["volumes"]}
        found = {container["terminationMessagePath"]: _message_file(folder / f"{container['name']}.log")}
        for mount in container.get("volumeMounts", []):
            path = mount["mountPath"].rstrip("/")
            if path == ACCOUNT:
                found[path] = self._account(folder, pod)
            else:
                volume = self._volume(folder / "volumes", pod, volumes[mount["name"]])
                found[path] = volume / mount.get("subPath", "")
        return found

    def _of_node(self, folders: Mapping[str, Path]) -> dict[str, str]:
        server = urlsplit(self.place.cluster.url)
        found = {
            "PATH": f"{self.programs}:{os.defpath}",
            "HOME": "/",
            "KUBERNETES_SERVICE_HOST": str(server.hostname),
            "KUBERNETES_SERVICE_PORT": str(server.port),
        }
        if ACCOUNT in folders:
            found["AUTOML_SERVICE_ACCOUNT"] = str(folders[ACCOUNT])
        return found | ({"AUTOML_WORK": str(folders[WORK])} if WORK in folders else {})

    def _account(self, folder: Path, pod: Object) -> Path:
        """What the kubelet mounts for the pod's service account."""
        mount = folder / "service-account"
        if not mount.exists():
            place = self.place
            mount.mkdir()
            token = place.cluster.token_for(place.namespace, pod["spec"]["serviceAccountName"])
            (mount / "token").write_text(token)
            (mount / "namespace").write_text(place.namespace)
            (mount / "ca.crt").write_bytes(place.cluster.ca_file.read_bytes())
        return mount

    def _volume(self, folder: Path, pod: Object, volume: Object) -> Path:
        """A volume as a folder: a claim is one for all pods; one of a kind that is not known here is empty."""
        if "persistentVolumeClaim" in volume:
            return self._claim(volume["persistentVolumeClaim"]["claimName"], pod)
        folder.mkdir(exist_ok=True)
        path = folder / str(volume["name"])
        if not path.exists():
            kubelet.make_volumes(folder, [volume], self._sources([volume]))
        return path

    def _claim(self, name: str, pod: Object) -> Path:
        """The disk of a claim. It is root's, and with `fsGroup` a group's: pkg/volume/volume_linux.go."""
        self.place.ask("GET", f"/api/v1/namespaces/{self.place.namespace}/persistentvolumeclaims/{name}")
        path = self.place.folder / "claims" / name
        path.mkdir(parents=True, exist_ok=True)
        if "fsGroup" in pod["spec"].get("securityContext", {}):
            os.chown(path, -1, self.settings.get("group", -1))
            path.chmod(0o2775)
        return path

    def _sources(self, entries: Iterable[Object]) -> kubelet.Sources:
        """The ConfigMaps and Secrets that entries of volumes or variables name, by their names."""
        names = {
            (SOURCES[kind], _name(each[kind])) for each in entries for kind in SOURCES.keys() & each.keys()
        }
        return {name: self._content(kind, name) for kind, name in sorted(names)}

    def _content(self, kind: str, name: str) -> Mapping[str, bytes]:
        status, found = self.place.cluster.request(
            "GET", f"/api/v1/namespaces/{self.place.namespace}/{kind}/{name}"
        )
        if status == 404:
            return {}
        if kind == "secrets":
            return {key: base64.b64decode(value) for key, value in found.get("data", {}).items()}
        return kubelet.config_maps([{**found, "kind": "ConfigMap"}])[name]


def container_of(pod: Object, name: str = "main") -> Object:
    containers = [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
    [found] = [each for each in containers if each["name"] == name]
    return dict(found)


def _name(source: Object) -> str:
    return str(source["secretName"] if "secretName" in source else source["name"])


def _fields(pod: Object) -> dict[str, str]:
    """What a pod can be told of itself: podFieldSelectorRuntimeValue in pkg/kubelet/kubelet_pods.go."""
    meta = pod["metadata"]
    found = {f"metadata.{each}": str(meta[each]) for each in ("name", "namespace", "uid")}
    for kind in ("labels", "annotations"):
        found |= {f"metadata.{kind}['{key}']": value for key, value in meta.get(kind, {}).items()}
    return found


def _folder(container: Object, folders: Mapping[str, Path]) -> Path:
    """Where it starts; an image for Python says nothing of it."""
    path = container.get("workingDir", "/")
    return Path(moved(path, folders))


def _message_file(path: Path) -> Path:
    path.touch()
    path.chmod(0o666)
    return path


def _message(file: Path) -> str:
    """The end of what stands in the file: getTerminationMessage in kuberuntime_container.go, by pkg/util/tail."""
    return file.read_bytes()[-MESSAGE_BYTES:].decode()


def moved(text: str, folders: Mapping[str, Path]) -> str:
    """The text with the paths of this machine: those of mounts, and what is in them."""
    if not folders:
        return text
    paths = "|".join(re.escape(path) for path in sorted(folders, key=len, reverse=True))
    return re.sub(rf"({paths})(?![\w.-])", lambda found: str(folders[found[1]]), text)
