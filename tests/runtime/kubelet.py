"""A very small kubelet: it runs the container of a manifest as a process of this machine."""

import base64
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from automl import targets
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.target import Options

Object = dict[str, Any]
Sources = Mapping[str, Mapping[str, bytes]]
Done = subprocess.CompletedProcess[str]
_REFERENCE = re.compile(rb"\$(?:\$|\(([^)]*)\)|\(|([^$(]))")
_OF_THE_NETWORK = re.compile(
    r"PIP_\w+|(GIT_)?SSL_C(ERT_|AINFO)\w*|UV_(DEFAULT_)?INDEX\w*|\w+_proxy", re.IGNORECASE
)


def objects_of(project: Path) -> list[Object]:
    """What automl makes of a project for Argo, as a cluster reads it."""
    target = targets.load("argo")
    assert target is not None
    given = Input("config.yaml", (project / "config.yaml").read_bytes(), project)
    result = compile_config(given, Overrides(), target, Options(target.default_version, target.forms[0]))
    assert result.artifacts, result.diagnostics
    return list(yaml.safe_load_all(result.artifacts[0].text))


def write_project(folder: Path, step: Mapping[str, Any], files: Mapping[str, str], **top: Any) -> Path:
    """A project of one step."""
    config = {"name": "p", **top, "stages": {"s": [{"step_name": "job", **step}]}}
    return write_files(folder, {"config.yaml": json.dumps(config, ensure_ascii=False), **files})


def write_files(folder: Path, files: Mapping[str, str]) -> Path:
    """The files in the folder; what starts like a script can be executed."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755 if text.startswith("#!") else 0o644)
    return folder


@dataclass(frozen=True)
class Container:
    """A container in its pod, ready to be started as often as one likes.

    The volumes are folders in `folder`, the PATH begins in `image`, and `sources` are the ConfigMaps and Secrets.
    """

    folder: Path
    image: Path
    container: Object
    sources: Sources

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def project(self) -> Path:
        return self.work / "project"

    def run(self, **variables: str) -> Done:
        """Start the container and wait for its end. Variables are those of the image."""
        command, settings = self._process(variables)
        return subprocess.run(command, capture_output=True, timeout=600, check=False, **settings)

    def start(self, **variables: str) -> subprocess.Popen[str]:
        """Start the container; its output goes to a pipe."""
        command, settings = self._process(variables)
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **settings)

    def _process(self, of_image: Mapping[str, str]) -> tuple[list[str], dict[str, Any]]:
        declared = variables_of(self.container.get("env", []), self.sources)
        words = [*self.container["command"], *self.container.get("args", [])]
        command = [self._in_folder(expanded(word, declared)) for word in words]
        network = {name: value for name, value in os.environ.items() if _OF_THE_NETWORK.fullmatch(name)}
        path = {"PATH": f"{self.image}/bin:{os.defpath}", "HOME": "/"}
        env = {**network, **path, **of_image, **declared, "AUTOML_WORK": str(self.work)}
        return command, {"env": env, "cwd": "/", "text": True, "stdin": subprocess.DEVNULL, **identity()}

    def _in_folder(self, word: str) -> str:
        """The word, with the folder that stands for what is mounted."""
        for mount in ("code", "secrets", "work", "workspace"):
            word = word.replace(f"/automl/{mount}/", f"{self.folder}/{mount}/")
        return word


def job(folder: Path, image: Path, objects: Sequence[Object], template: str = "job") -> Container:
    """The container of a job, in a folder of its own."""
    spec = next(each["spec"] for each in objects if each["kind"] == "Workflow")
    sources = config_maps(objects)
    make_volumes(folder, spec["volumes"], sources)
    container = next(each["container"] for each in spec["templates"] if each["name"] == template)
    return Container(folder, image, container, sources)


def service(folder: Path, image: Path, objects: Sequence[Object], secrets: Sources) -> list[Container]:
    """The containers of a service in their order, in a folder of their own."""
    spec = next(each["spec"] for each in objects if each["kind"] == "Workflow")
    words = [word for each in spec["templates"] for word in each.get("container", {}).get("args", [])]
    applied = [json.loads(word) for word in words if word.startswith("{\n")]
    pod = next(each["spec"]["template"]["spec"] for each in applied if each["kind"] == "Deployment")
    sources = {**config_maps(objects), **secrets}
    make_volumes(folder, pod["volumes"], sources)
    return [Container(folder, image, each, sources) for each in (*pod["initContainers"], *pod["containers"])]


def config_maps(objects: Sequence[Object]) -> Sources:
    """The ConfigMaps among the objects."""
    return {each["metadata"]["name"]: _content(each) for each in objects if each["kind"] == "ConfigMap"}


def _content(config_map: Object) -> dict[str, bytes]:
    text = {key: value.encode() for key, value in config_map.get("data", {}).items()}
    return text | {key: base64.b64decode(value) for key, value in config_map.get("binaryData", {}).items()}


def make_volumes(folder: Path, volumes: Sequence[Object], sources: Sources) -> None:
    """The volumes of a pod, each a folder."""
    for volume in volumes:
        if of_volume := _config_maps_of(volume):
            files: dict[str, bytes] = {}
            for each in of_volume:
                files.update(projected(sources[each["name"]], each.get("items")))
            _mount(folder / volume["name"], files)
        elif "secret" in volume:
            _mount(folder / volume["name"], sources[volume["secret"]["secretName"]])
        else:
            _make_empty_dir(folder / volume["name"])


def _config_maps_of(volume: Object) -> list[Object]:
    """The ConfigMaps whose files a volume has; none where there is more in it, as in that of a service account."""
    parts = volume.get("projected", {"sources": [volume]})["sources"]
    return [each["configMap"] for each in parts] if all("configMap" in each for each in parts) else []


def projected(content: Mapping[str, bytes], items: Sequence[Object] | None) -> Mapping[str, bytes]:
    """The files of a volume by their paths: those that its items name, or else every key."""
    return content if items is None else {item["path"]: content[item["key"]] for item in items}


def _mount(folder: Path, files: Mapping[str, bytes]) -> None:
    """Kubernetes mounts links through `..data`, which it can turn elsewhere at once. The mount is read-only."""
    (folder / "..1").mkdir(parents=True)
    for path, value in files.items():
        file = folder / "..1" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(value)
    (folder / "..data").symlink_to("..1")
    for top in {path.partition("/")[0] for path in files}:
        (folder / top).symlink_to(f"..data/{top}")
    for inside in [folder, *folder.rglob("*")]:
        if inside.is_dir() and not inside.is_symlink():
            inside.chmod(0o555)


def _make_empty_dir(folder: Path) -> None:
    """An emptyDir is root's, and with fsGroup a group's that can do everything in it."""
    folder.mkdir()
    os.chown(folder, -1, identity().get("group", -1))
    folder.chmod(0o2777)


def variables_of(
    env: Sequence[Object], sources: Sources, fields: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """The variables of a container: those before can be used in those behind, unless from elsewhere.

    `fields` is what a pod can be told of itself.
    """
    found: dict[str, str] = {}
    for entry in env:
        if "valueFrom" in entry:
            place = next(iter(entry["valueFrom"].values()))
            is_field = "fieldRef" in entry["valueFrom"]
            found[entry["name"]] = (
                fields[place["fieldPath"]] if is_field else sources[place["name"]][place["key"]].decode()
            )
        else:
            found[entry["name"]] = expanded(entry.get("value", ""), found)
    return found


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """As Kubernetes' k8s.io/kubernetes/third_party/forked/golang/expansion, which goes by bytes.

    It takes the byte behind a dollar for a character: what is not ASCII is broken there.
    """

    def replaced(found: re.Match[bytes]) -> bytes:
        name, other = found.groups()
        if name is not None:
            return variables.get(name.decode(), found[0].decode()).encode()
        return b"$" if found[0] == b"$$" else b"$" + (other.decode("latin-1").encode() if other else b"(")

    return os.fsdecode(_REFERENCE.sub(replaced, os.fsencode(text)))


@cache
def identity() -> dict[str, Any]:
    """Who the container runs as: nobody who is known, or who runs the tests if those may not change it."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_uid for entry in pwd.getpwall()}
    number = next(number for number in range(1000, 65534) if number not in known)
    return {"user": number, "group": number, "extra_groups": []}


@cache
def python() -> Path:
    """A Python that is no virtual environment and that the container's user can run."""
    candidates = [str(Path(sys.base_prefix) / "bin" / "python3"), shutil.which("python3", path=os.defpath)]
    return next(Path(found) for found in candidates if found and _is_usable(found))


def _is_usable(interpreter: str) -> bool:
    command = [interpreter, "-c", "import ensurepip, venv"]
    try:
        return subprocess.run(command, capture_output=True, check=False, **identity()).returncode == 0
    except PermissionError:
        return False
