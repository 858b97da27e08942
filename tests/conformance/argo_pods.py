"""The program of a pod that Argo made, as a process of this machine: what kubelet and executor make of the pod.

`run_main` is for `Run` of `argo_runs`: `Run(cluster, namespace, folder, run_main)`. It has the rights of the pod's
service account, if its token is mounted, and the volumes of the pod, as folders. There is no image: the programs
are those of this machine.
"""

import base64
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.conformance.argo_runs import Ending, Run
from tests.conformance.workflows import Object, Process
from tests.runtime.kubelet import expanded

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
EXECUTOR = "/var/run/argo/argoexec"
SECONDS = 120


class Command(NamedTuple):
    """What the main container of a pod starts, when the kubelet has filled in the variables."""

    words: list[str]
    variables: dict[str, str]


def run_main(run: Run, pod: Object) -> Ending:
    """Run the main container of a pod; what it says is in the run's `processes`."""
    command, folders = command_of(run, pod), _mounts(run, pod)
    server = urlsplit(run.cluster.url)
    variables = {
        "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
        "KUBERNETES_SERVICE_HOST": str(server.hostname),
        "KUBERNETES_SERVICE_PORT": str(server.port),
        **{name: _moved(value, folders) for name, value in command.variables.items()},
    }
    if ACCOUNT in folders:
        variables["AUTOML_SERVICE_ACCOUNT"] = str(folders[ACCOUNT])
    process = Process([_moved(word, folders) for word in command.words], variables)
    run.processes.append(process)
    exit_code = process.end(SECONDS)
    return Ending(exit_code, message="\n".join(process.lines)[-4096:])


def command_of(run: Run, pod: Object) -> Command:
    """The words and the variables, but those that come from Secrets, which need not exist, or from the pod itself.

    The controller puts the executor before the words: createWorkflowPod in workflow/controller/workflowpod.go.
    """
    main = main_of(pod)
    variables: dict[str, str] = {}
    for each in main.get("env", []):
        source = each.get("valueFrom", {}).get("configMapKeyRef")
        if source:
            variables[each["name"]] = _content(run, source["name"])[source["key"]].decode()
        elif "valueFrom" not in each:
            variables[each["name"]] = expanded(each.get("value", ""), variables)
    words = [expanded(word, variables) for word in (*main["command"], *main.get("args", []))]
    if words[0] == EXECUTOR:
        words = words[words.index("--") + 1 :]
    return Command(words, variables)


def main_of(pod: Object) -> Object:
    """The container that Argo calls so; a pod of a Deployment has its own."""
    [main] = [each for each in pod["spec"]["containers"] if each["name"] == "main"]
    return dict(main)


def _mounts(run: Run, pod: Object) -> dict[str, Path]:
    """The folders in the place of what the main container has mounted."""
    folder = run.folder / str(pod["metadata"]["name"])
    volumes = {each["name"]: each for each in pod["spec"]["volumes"]}
    found = {}
    for mount in main_of(pod).get("volumeMounts", []):
        path = mount["mountPath"].rstrip("/")
        if path == ACCOUNT:
            found[path] = _account(run, folder, pod)
        else:
            found[path] = _volume(run, folder, volumes[mount["name"]]) / mount.get("subPath", "")
    return found


def _account(run: Run, folder: Path, pod: Object) -> Path:
    """What the kubelet mounts for the pod's service account."""
    mount = folder / "service-account"
    mount.mkdir(parents=True)
    (mount / "token").write_text(run.cluster.token_for(run.namespace, pod["spec"]["serviceAccountName"]))
    (mount / "namespace").write_text(run.namespace)
    (mount / "ca.crt").write_bytes(run.cluster.ca_file.read_bytes())
    return mount


def _volume(run: Run, folder: Path, volume: Object) -> Path:
    """A volume as a folder; one of a kind that is not known here is empty."""
    path = folder / str(volume["name"])
    path.mkdir(parents=True, exist_ok=True)
    if source := volume.get("configMap"):
        content = _content(run, source["name"])
        items = {each["key"]: each["path"] for each in source.get("items", [])} or {
            key: key for key in content
        }
        for key, name in items.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content[key])
    return path


def _content(run: Run, name: str) -> dict[str, bytes]:
    found = run.ask("GET", f"/api/v1/namespaces/{run.namespace}/configmaps/{name}")
    text = {key: value.encode() for key, value in found.get("data", {}).items()}
    return text | {key: base64.b64decode(value) for key, value in found.get("binaryData", {}).items()}


def _moved(text: str, folders: Mapping[str, Path]) -> str:
    """The text with the paths of this machine; the longest mount goes first."""
    for path in sorted(folders, key=len, reverse=True):
        text = text.replace(f"{path}/", f"{folders[path]}/")
        text = str(folders[path]) if text == path else text
    return text
