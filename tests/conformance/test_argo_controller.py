"""What Argo's own controller makes of our Workflows, on a real control plane; the tests play the kubelet.

A validator's yes is not behaviour: here every golden runs to its end, in the order that its stages have, in
namespaces that enforce the Pod Security Standard `restricted`. What deploys services is really run.
"""

import base64
import gzip
import json
import re
import time
from pathlib import Path

import pytest
import yaml

from automl.targets.argo.checks import workflow_bytes
from tests.conformance.argo_controller import Controller
from tests.conformance.argo_judge import Case, check, compiled, meaning, misplaced, submitted
from tests.conformance.argo_pods import command_of, run_main
from tests.conformance.argo_runs import Ending, Run, RunPod, play, succeed
from tests.conformance.workflows import Object
from tests.golden import manifests, overrides_of, project_copy

MANIFESTS = manifests("argo*.yaml")
# It takes the controller a minute.
[LARGEST] = [path for path in MANIFESTS if path.parent.name == "three-hundred-steps"]
OF_LARGEST = "3.7"
FAILURES = {  # which step fails, and how often; what has been started when the run is over
    ("other", 1): ["load", "other", "train(0)"],
    ("train", 3): ["load", "other", "train(0)", "train(1)", "train(2)"],
    ("train", 2): ["load", "other", "report", "train(0)", "train(1)", "train(2)"],
}
CONFIG = """
name: churn
code: {image: true}
defaults: {image: i, entrypoint: [run]}
stages:
  load: [{step_name: load}]
  train:
    - {step_name: train, backoff_limit: 2, timeout: 90}
    - {step_name: other}
  report: [{step_name: report}]
"""


def started(argo: Controller, manifest: Path, folder: Path) -> Case:
    """A golden, from now on in the controller's hands."""
    project = project_copy(manifest.parent.name, folder)
    workflow = meaning((project / "config.yaml").read_text(), project, overrides_of(manifest.parent.name))
    return submitted(argo, manifest.read_text(), workflow, folder, as_in_a_cluster)


def as_in_a_cluster(run: Run, pod: Object) -> Ending:
    """What deploys runs with the rights that it has; the users' steps succeed."""
    is_ours = any(word.endswith("/cluster.py") for word in command_of(run, pod).words)
    return run_main(run, pod) if is_ours else succeed(run, pod)


@pytest.fixture(scope="module")
def cases(argo: Controller, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Case]:
    """All goldens, which have run side by side; the largest under one version."""
    paths = MANIFESTS if argo.version == OF_LARGEST else [path for path in MANIFESTS if path != LARGEST]
    found = {path: started(argo, path, tmp_path_factory.mktemp(f"{path.parent.name}-")) for path in paths}
    play(argo, [case.run for case in found.values()], seconds=600)
    return found


@pytest.mark.parametrize(
    "manifest",
    [path for path in MANIFESTS if path != LARGEST],
    ids=lambda path: f"{path.parent.name}-{path.stem}",
)
def test_golden_runs_to_its_end(manifest: Path, cases: dict[Path, Case]) -> None:
    check(cases[manifest])


@pytest.mark.parametrize("argo", [OF_LARGEST], indirect=True)
def test_largest_golden_runs_to_its_end(cases: dict[Path, Case]) -> None:
    check(cases[LARGEST])


@pytest.mark.parametrize("argo", [OF_LARGEST], indirect=True)
def test_what_the_controller_stores_is_known_before(cases: dict[Path, Case]) -> None:
    run, workflow = cases[LARGEST]
    documents = yaml.load_all(LARGEST.read_text(), yaml.CSafeLoader)
    templates = [each for document in documents for each in document.get("spec", {}).get("templates", [])]
    stored = stored_bytes(run.workflow())
    assert stored < workflow_bytes(workflow, [size(each) for each in templates]) < 1.2 * stored


def stored_bytes(workflow: Object) -> int:
    """What the controller measures when the whole is too large for it: compressWorkflow in workflow/packer/packer.go.

    The fields that the API server notes for each node are not compressed, but are gone with the nodes.
    """
    nodes = json.dumps(workflow["status"].pop("nodes"), separators=(",", ":")).encode()
    del workflow["metadata"]["managedFields"]
    return size(workflow) + len(base64.b64encode(gzip.compress(nodes)))


def size(value: Object) -> int:
    return len(json.dumps(value, separators=(",", ":")).encode())


def failing(step: str, times: int) -> RunPod:
    """The first tries of a step fail."""

    def run_pod(run: Run, pod: Object) -> Ending:
        tried = sum(re.sub(r"\(\d+\)$", "", node).endswith(f".{step}") for node in run.ended)
        return Ending(int(pod["metadata"]["labels"]["automl.dev/step"] == step and tried < times))

    return run_pod


@pytest.fixture(scope="module")
def failures(argo: Controller, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], Case]:
    """One workflow for each way to fail."""
    found = {}
    for step, times in FAILURES:
        folder = tmp_path_factory.mktemp(f"fails-{step}-{times}-")
        manifest, workflow = compiled(CONFIG, folder), meaning(CONFIG, folder)
        found[step, times] = submitted(argo, manifest, workflow, folder, failing(step, times))
    play(argo, [case.run for case in found.values()])
    return found


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: f"{failure[0]}-{failure[1]}")
def test_failure_is_tried_again_and_ends_the_run(
    failure: tuple[str, int], failures: dict[tuple[str, int], Case]
) -> None:
    run, workflow = failures[failure]
    assert sorted(run.nodes()) == FAILURES[failure]
    assert run.verdict().startswith("Succeeded" if "report" in run.nodes() else "Failed: ")
    assert misplaced(run, workflow) == []
    for node, each in zip(run.nodes(), run.begun.values(), strict=True):
        assert each.pod["spec"].get("activeDeadlineSeconds") == (90 if node.startswith("train(") else None)


def test_a_run_that_takes_too_long_is_stopped(argo: Controller, tmp_path: Path) -> None:
    """Its pod would go on for longer; what comes after it never starts."""
    config = CONFIG.replace("code:", "limits: {timeout: 3}\npriority: high\ncode:")

    def slow(run: Run, pod: Object) -> Ending:
        time.sleep(20)
        return Ending()

    folder = tmp_path / f"takes-too-long-{argo.version.replace('.', '-')}"
    folder.mkdir()
    run, _ = submitted(argo, compiled(config, folder), meaning(config, folder), folder, slow)
    play(argo, [run], seconds=240)
    assert run.workflow()["spec"]["priority"] == 1
    assert run.verdict().startswith("Failed: ")
    assert "deadline" in run.verdict()
    assert run.nodes() == ["load"]


SERVED = """
name: served
code: {image: true}
stages:
  train: [{step_name: train, image: i, entrypoint: [run]}]
  serve:
    - step_name: api
      image: acme/api:TAG
      entrypoint: [serve]
      timeout: 1m
      min_ready_seconds: 0
      service: {}
"""


def test_an_older_run_that_comes_later_leaves_the_newer_service(argo: Controller, tmp_path: Path) -> None:
    """It is held up until the newer one is over, as one is that trains for longer."""
    older, newer = (compiled(SERVED.replace("TAG", tag), tmp_path) for tag in ("older", "newer"))
    run = Run(argo.cluster, "older-and-newer", tmp_path, as_in_a_cluster)
    run.submit(held_up(older))
    first = run.name
    time.sleep(1.1)  # the times of creation are in seconds
    run.cluster.kubectl("apply", "-n", run.namespace, "-f", "-", input=newer)
    run.name = list(yaml.safe_load_all(newer))[-1]["metadata"]["name"]
    play(argo, [run])
    assert run.verdict() == "Succeeded"
    run.name = first
    run.begun.clear()
    release = ("--type=merge", "--patch", '{"spec": {"suspend": false}}')
    run.cluster.kubectl("patch", "workflow", first, "-n", run.namespace, *release)
    play(argo, [run])
    assert run.verdict().startswith("Failed: ")
    assert run.processes[-1].said() == [
        "error: a newer run has changed deployment/served--api; this run ends"
    ]
    [container] = run.deployment("served--api")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "acme/api:newer"


def held_up(manifest: str) -> list[Object]:
    *rest, workflow = yaml.safe_load_all(manifest)
    return [*rest, {**workflow, "spec": {**workflow["spec"], "suspend": True}}]
