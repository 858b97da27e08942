"""What Argo's own controller makes of our Workflows, on a real control plane; the tests play the kubelet.

A validator's yes is not behaviour: here every golden runs to its end, in the order that its stages have, in
namespaces that enforce the Pod Security Standard `restricted`.
"""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from automl.compiler.driver import Input, Overrides, analyse
from automl.compiler.ir import Task, Workflow
from automl.targets.argo.findings import workflow_bytes
from automl.targets.naming import TaskNames
from tests.conformance.argo_controller import Controller
from tests.conformance.argo_pods import command_of, run_main
from tests.conformance.argo_runs import Ending, Run, play, succeed
from tests.conformance.workflows import Object
from tests.golden import GOLDEN, project_copy

LARGEST = GOLDEN / "three-hundred-steps" / "argo.yaml"  # takes the controller a minute
MANIFESTS = sorted({*GOLDEN.glob("*/argo*.yaml")} - {LARGEST})


class Case(NamedTuple):
    """A golden that has run, and what it should mean."""

    run: Run
    workflow: Workflow


def started(argo: Controller, manifest: Path, folder: Path) -> Case:
    """A golden in a namespace of its own, from now on in the controller's hands."""
    project = project_copy(manifest.parent.name, folder)
    given = Input("config.yaml", (project / "config.yaml").read_bytes(), project)
    workflow, _ = analyse(given, Overrides())
    assert workflow
    name = re.sub("[^a-z0-9]+", "-", f"{manifest.parent.name}-{manifest.stem}")
    text = re.sub(r'("?namespace"?: )("?)[a-z-]+("?)', rf"\g<1>\g<2>{name}\g<3>", manifest.read_text())
    run = Run(argo.cluster, name, folder, as_in_a_cluster)
    run.submit(yaml.load_all(text, yaml.CSafeLoader))
    return Case(run, workflow)


def as_in_a_cluster(run: Run, pod: Object) -> Ending:
    """What deploys runs with the rights that it has; the users' steps succeed."""
    is_ours = any(word.endswith("/cluster.py") for word in command_of(run, pod).words)
    return run_main(run, pod) if is_ours else succeed(run, pod)


@pytest.fixture(scope="module")
def cases(argo: Controller, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Case]:
    """All goldens but the largest, which have run side by side."""
    found = {path: started(argo, path, tmp_path_factory.mktemp("golden")) for path in MANIFESTS}
    play(argo, [case.run for case in found.values()])
    return found


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_golden_runs_to_its_end(manifest: Path, cases: dict[Path, Case]) -> None:
    check(cases[manifest])


@pytest.mark.parametrize("argo", ["3.7"], indirect=True)
def test_largest_golden_runs_to_its_end(argo: Controller, tmp_path: Path) -> None:
    case = started(argo, LARGEST, tmp_path)
    play(argo, [case.run], seconds=240)
    check(case)
    documents = yaml.load_all(LARGEST.read_text(), yaml.CSafeLoader)
    templates = [each for document in documents for each in document.get("spec", {}).get("templates", [])]
    sizes = [size(each) for each in templates]
    stored = stored_bytes(case.run.workflow())
    assert stored < workflow_bytes(case.workflow, sizes) < 1.2 * stored


def stored_bytes(workflow: Object) -> int:
    """What the controller measures when the whole is too large for it: compressWorkflow in workflow/packer/packer.go.

    The fields that the API server notes for each node are not compressed, but are gone with the nodes.
    """
    nodes = json.dumps(workflow["status"].pop("nodes"), separators=(",", ":")).encode()
    del workflow["metadata"]["managedFields"]
    return size(workflow) + len(base64.b64encode(gzip.compress(nodes)))


def size(value: Object) -> int:
    return len(json.dumps(value, separators=(",", ":")).encode())


def check(case: Case) -> None:
    run, workflow = case
    assert run.verdict() == "Succeeded"
    tasks = tasks_of(run, workflow)
    assert set(tasks.values()) == {task.name for task in workflow.tasks}
    assert misplaced(run, workflow) == []
    jobs = {task.name: task for task in workflow.tasks if task.service is None}
    begun = [each for each in run.begun.values() if tasks[each.node] in jobs]
    assert len(begun) == len(jobs)
    for each in begun:
        check_pod(run, each.pod, jobs[tasks[each.node]])


def check_pod(run: Run, pod: Object, task: Task) -> None:
    """The program gets what the user wrote, and no more time than that."""
    command = command_of(run, pod)
    arguments = [text.value for text in task.command.arguments]
    assert command.words[len(command.words) - len(arguments) :] == arguments
    assert {each.name: each.value.value for each in task.variables}.items() <= command.variables.items()
    assert pod["spec"].get("activeDeadlineSeconds") == task.deadline


def tasks_of(run: Run, workflow: Workflow) -> dict[str, str]:
    """The task that each node belongs to: the first that is named on the way to it."""
    names = TaskNames().take_all(task.name for task in workflow.tasks)
    tasks = {name: task for task, name in names.items()}
    found = {}
    for node in (each.node for each in run.begun.values()):
        words = [re.sub(r"\(\d+\)$", "", word) for word in node.split(".")[1:]]
        found[node] = next(tasks[word] for word in words if word in tasks)
    return found


def misplaced(run: Run, workflow: Workflow) -> list[str]:
    """The nodes that began before all tasks that they come after had succeeded, every pod of them."""
    tasks, groups = tasks_of(run, workflow), {group.name: group for group in workflow.groups}
    nodes: dict[str, set[str]] = {}
    for node, task in tasks.items():
        if run.ended.get(node) == 0:
            nodes.setdefault(task, set()).add(node)
    found = []
    for each in run.begun.values():
        [group] = [one for one in workflow.groups if tasks[each.node] in {task.name for task in one.tasks}]
        before = {task.name for name in group.after for task in groups[name].tasks}
        if not all(task in nodes and nodes[task] <= each.after for task in before):
            found.append(each.node)
    return found
