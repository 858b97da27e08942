"""The judge is judged: Workflows that Argo's validators accept and that go wrong are seen as wrong."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.conformance import tools
from tests.conformance.argo_controller import Controller
from tests.conformance.argo_judge import compiled, meaning, misplaced, submitted
from tests.conformance.argo_pods import command_of
from tests.conformance.argo_runs import Ending, Run, play
from tests.conformance.workflows import SAFE, Object

CONFIG = """
name: churn
code: {image: true}
defaults: {image: i, entrypoint: [run]}
stages:
  load: [{step_name: first}, {step_name: last}]
  train: [{step_name: train}]
"""


def hand_written(*tasks: Object, templates: Sequence[Object] = ()) -> Object:
    """A Workflow of tasks, each of the template `leaf` if it does not say otherwise."""
    leaf = {"name": "leaf", "container": {"image": "i", "command": ["run"], "securityContext": SAFE}}
    patch = {
        "initContainers": [{"name": "init", "securityContext": SAFE}],
        "containers": [{"name": "wait", "securityContext": SAFE}],
    }
    main = {"name": "main", "dag": {"tasks": [{"template": "leaf", **task} for task in tasks]}}
    spec = {
        "entrypoint": "main",
        "serviceAccountName": "runner",
        "podSpecPatch": json.dumps(patch),
        "templates": [main, leaf, *templates],
    }
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": "wrong"},
        "spec": spec,
    }


def number_in_words() -> Object:
    return hand_written({"name": "only", "when": "{{=asInt('many') > 1}}"})


def output_of_what_failed() -> Object:
    output = {"name": "value", "valueFrom": {"parameter": "{{tasks.first.outputs.parameters.value}}"}}
    first = {"name": "first", "template": "maker"}
    inner = {"name": "inner", "dag": {"tasks": [first]}, "outputs": {"parameters": [output]}}
    made = {"name": "value", "valueFrom": {"path": "/tmp/value"}}
    container = {"image": "i", "command": ["fail"], "securityContext": SAFE}
    maker = {"name": "maker", "container": container, "outputs": {"parameters": [made]}}
    taker = {"name": "taker", "inputs": {"parameters": [{"name": "value"}]}, "container": container}
    given = {"name": "value", "value": "{{tasks.inner.outputs.parameters.value}}"}
    last = {
        "name": "last",
        "template": "taker",
        "depends": "inner.Failed",
        "arguments": {"parameters": [given]},
    }
    return hand_written({"name": "inner", "template": "inner"}, last, templates=[inner, maker, taker])


def unsafe_pod() -> Object:
    workflow = hand_written({"name": "only"})
    del workflow["spec"]["podSpecPatch"]
    return workflow


def executor_without_rights() -> Object:
    workflow = hand_written({"name": "only"})
    workflow["spec"]["serviceAccountName"] = "default"
    return workflow


WRONG = {
    number_in_words: r"(Error|Failed): .*\n.* int\(many\)",
    output_of_what_failed: "^Running: ",
    unsafe_pod: "violates PodSecurity",
    executor_without_rights: 'User "system:serviceaccount:[^"]*:default" cannot create resource "workflowtaskresults"',
}


@pytest.fixture(scope="module")
def wrong(argo: Controller, tmp_path_factory: pytest.TempPathFactory) -> dict[Callable[[], Object], Run]:
    found = {}
    for make in WRONG:
        folder = tmp_path_factory.mktemp(make.__name__.replace("_", "-"))
        found[make] = Run(argo.cluster, folder.name, folder, fail_if_told)
        found[make].allow("runner", {"workflowtaskresults.argoproj.io": ("create", "patch")})
        found[make].submit([make()])
    play(argo, [run for make, run in found.items() if make != output_of_what_failed])
    play(argo, [found[output_of_what_failed]], seconds=8)  # it never ends
    return found


def fail_if_told(run: Run, pod: Object) -> Ending:
    return Ending(int(command_of(run, pod).words == ["fail"]))


@pytest.mark.parametrize("make", WRONG, ids=lambda make: make.__name__)
def test_what_is_wrong_is_seen(
    argo: Controller, make: Callable[[], Object], wrong: dict[Callable[[], Object], Run], tmp_path: Path
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(json.dumps(make()))
    assert tools.lint_argo(argo.version, [path]) == {path: []}
    assert re.search(WRONG[make], wrong[make].verdict())


@pytest.mark.parametrize(("kept", "left"), [(0, "last"), (-1, "first")])
def test_edge_that_lacks_is_seen(argo: Controller, kept: int, left: str, tmp_path: Path) -> None:
    manifest, whole = compiled(CONFIG, tmp_path), '"first.Succeeded && last.Succeeded"'
    assert whole in manifest
    run, workflow = submitted(
        argo, manifest.replace(whole, f"{left}.Succeeded"), meaning(CONFIG, tmp_path), tmp_path
    )
    run.keeps = kept
    play(argo, [run])
    assert run.verdict() == "Succeeded"
    assert [node.partition(".")[2] for node in misplaced(run, workflow)] == ["train"]
