"""The pod of a coordinator: what runs in it, with its files where the manifest puts them."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from automl import targets
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.target import Options
from automl.runtime.plan import Plan
from tests.runtime import kubelet

Object = dict[str, Any]
STEPS = {"first": [{"step_name": "a"}], "last": [{"step_name": "b"}]}
CONFIG = {"name": "w", "code": {"image": True}, "defaults": {"image": "i"}, "stages": STEPS}


class Program(NamedTuple):
    """What the container of a pod runs, and in which folder."""

    words: Sequence[str]
    folder: Path

    @property
    def command(self) -> list[str]:
        """The words, by a Python that has the standard library alone, as that of the image."""
        assert self.words[0] == "python3"
        return [str(kubelet.python()), *self.words[1:]]


def laid_out(folder: Path, plan: Plan) -> Program:
    """The program of the coordinator that the compiler emits, with another plan."""
    objects = list(yaml.load_all(emitted(), yaml.CSafeLoader))
    [config_map] = [each for each in objects if "plan.json" in each.get("data", {})]
    config_map["data"]["plan.json"] = plan.to_json()
    return program_in(folder, objects)


def program_in(folder: Path, objects: list[Object]) -> Program:
    """The program of the coordinator that is among objects."""
    [job] = [each for each in objects if each["kind"] == "Job"]
    return program_of(folder, job["spec"]["template"]["spec"], kubelet.config_maps(objects))


@cache
def emitted() -> str:
    """What the compiler makes of a workflow with two stages."""
    target = targets.load("kubernetes")
    assert target is not None
    options = Options(target.default_version, target.forms[0])
    given = Input("config.yaml", json.dumps(CONFIG).encode(), Path())
    return compile_config(given, Overrides(), target, options).artifacts[0].text


def program_of(folder: Path, pod: Object, sources: kubelet.Sources) -> Program:
    """The program of a pod; its volumes are folders in `folder`."""
    kubelet.make_volumes(folder, pod["volumes"], sources)
    [container] = pod["containers"]
    mounts = {mount["mountPath"]: folder / mount["name"] for mount in container["volumeMounts"]}
    return Program(container["command"], mounts[container["workingDir"]])
