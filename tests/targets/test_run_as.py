"""Who the programs of a step are: numbers, the user of an image, and where one works for the other."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from automl import targets
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.target import Options

CONFIG = """
name: users
code: {git: {url: "https://git.corp/a/b.git", ref: main}}
stages:
  one:
    - {step_name: own, command: [run]}
    - {step_name: image, image: "a:1", entrypoint: [run], run_as: image}
    - {step_name: user, command: [run], run_as: {user: 2000}}
    - {step_name: root, command: [run], run_as: {user: 0, group: 7}}
"""
SECCOMP = {"seccompProfile": {"type": "RuntimeDefault"}}


def of(user: int, group: int) -> dict[str, Any]:
    return {"runAsUser": user, "runAsGroup": group, "fsGroup": group, **SECCOMP}


EXPECTED = {
    "own": {"runAsNonRoot": True, **of(1000, 1000)},
    "image": {"fsGroup": 1000, **SECCOMP},
    "user": {"runAsNonRoot": True, **of(2000, 2000)},
    "root": of(0, 7),
}


def compiled(target: str, config: str = CONFIG) -> list[Any]:
    engine = targets.load(target)
    assert engine
    given = Input("config.yaml", config.encode(), Path())
    result = compile_config(given, Overrides(), engine, Options(engine.default_version, engine.forms[0]))
    assert result.artifacts, result.diagnostics
    return list(yaml.load_all(result.artifacts[0].text, yaml.CSafeLoader))


def pods_of_kubernetes() -> dict[str, Any]:
    jobs = [each for each in compiled("kubernetes") if each["kind"] in ("Job", "CronJob")]
    return {
        job["metadata"]["labels"]["automl.dev/step"]: job["spec"]["template"]["spec"]
        for job in jobs
        if "automl.dev/step" in job["metadata"]["labels"]
    }


def test_each_step_of_kubernetes_is_who_it_asks_to_be() -> None:
    assert {step: pod["securityContext"] for step, pod in pods_of_kubernetes().items()} == EXPECTED


def test_each_step_of_argo_is_who_it_asks_to_be() -> None:
    spec = compiled("argo")[-1]["spec"]
    assert spec["securityContext"] == EXPECTED["own"]
    templates = {template["name"]: template for template in spec["templates"] if "container" in template}
    assert {
        name: template.get("securityContext", EXPECTED["own"]) for name, template in templates.items()
    } == EXPECTED


def test_what_is_checked_out_by_one_user_is_open_to_the_other() -> None:
    commands = {
        step: pod["initContainers"][0]["command"]
        for step, pod in pods_of_kubernetes().items()
        if "initContainers" in pod
    }
    assert [step for step, command in commands.items() if "umask 0" in " ".join(command)] == ["image"]


@pytest.mark.parametrize("target", ["argo", "kubernetes"])
def test_a_home_is_set_for_a_user_whom_the_image_does_not_know(target: str) -> None:
    step = 'stages: {one: [{step_name: a, image: "a:1", entrypoint: [run], run_as: %s}]}'
    texts = [yaml.safe_dump(compiled(target, step % run_as)) for run_as in ("image", "{user: 2000}")]
    assert [len(re.findall("name: HOME", text)) for text in texts] == [0, 1]
