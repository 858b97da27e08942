"""What a run under Argo's own controller should have been: the whole workflow, in its order, with the user's text."""

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import yaml

from automl import targets
from automl.compiler.driver import Input, Overrides, analyse, compile_config
from automl.compiler.graph import without_barriers
from automl.compiler.ir import Job, Task, Workflow
from automl.compiler.target import Options
from automl.targets.argo.trials import SELECT
from automl.targets.dag.names import TaskNames
from tests.conformance.argo_controller import Controller
from tests.conformance.argo_pods import command_of
from tests.conformance.argo_runs import Run, RunPod, is_of_deployment, succeed
from tests.conformance.tools import ARGO_VERSIONS
from tests.conformance.workflows import Object


class Case(NamedTuple):
    """A workflow that runs, or has run, and what it means."""

    run: Run
    workflow: Workflow


NOTHING_SAID = Overrides()


def compiled(text: str, folder: Path) -> str:
    """What a config becomes."""
    target = targets.load("argo")
    assert target
    options = Options(target.default_version, target.forms[0])
    [artifact] = compile_config(_input(text, folder), Overrides(), target, options).artifacts
    return artifact.text


def meaning(text: str, folder: Path, overrides: Overrides = NOTHING_SAID) -> Workflow:
    """What a config means, whatever the target makes of it."""
    workflow, _ = analyse(_input(text, folder), overrides)
    assert workflow
    return workflow


def _input(text: str, folder: Path) -> Input:
    return Input("config.yaml", text.encode(), folder)


def submitted(
    argo: Controller, manifest: str, workflow: Workflow, folder: Path, run_pod: RunPod = succeed
) -> Case:
    """A manifest in a namespace with the name of the folder, from now on in the controller's hands."""
    name = re.sub("[^a-z0-9]+", "-", folder.name)
    text = re.sub(r'("?namespace"?: )("?)[a-z-]+("?)', rf"\g<1>\g<2>{name}\g<3>", manifest)
    run = Run(argo.cluster, name, folder, run_pod)
    # One version of Argo finds edges that lack from the first task of a stage, the other those from the last.
    run.keeps = 0 if argo.version == min(ARGO_VERSIONS) else -1
    run.make_accounts(text)
    run.submit(yaml.load_all(text, yaml.CSafeLoader))
    return Case(run, workflow)


def check(case: Case) -> None:
    run, workflow = case
    assert run.verdict() == "Succeeded", run.verdict()
    tasks = tasks_of(run, workflow)
    runs = {node: task for node, task in tasks.items() if not node.endswith(f".{SELECT}")}
    assert Counter(runs.values()) == {task.name: runs_of(task) for task in workflow.tasks}
    assert misplaced(run, workflow) == []
    pods = {runs[each.node]: each.pod for each in run.begun.values() if each.node in runs}
    kept = [pod for pod in run.pods() if is_of_deployment(pod)]
    for task in workflow.tasks:
        if isinstance(task, Job):
            assert differences(run, pods[task.name], task) == []
            assert pods[task.name]["spec"].get("activeDeadlineSeconds") == task.deadline
        else:
            assert sum(not differences(run, pod, task) for pod in kept) >= task.replicas
    assert len(kept) == sum(service.replicas for service in workflow.services)


def runs_of(task: Task) -> int:
    """How many pods run it."""
    return len(task.trials.runs) if isinstance(task, Job) and task.trials else 1


def differences(run: Run, pod: Object, task: Task) -> list[str]:
    """What the user wrote and the program of the pod does not get; of values of the run nothing is known here."""
    words, variables = command_of(run, pod)
    texts = task.command.arguments
    given = [*zip(words[len(words) - len(texts) :], texts, strict=False)]
    given += [(str(variables.get(each.name)), each.value) for each in task.variables]
    return [
        f"{value} and not {text}"
        for value, text in given
        if all(reference.known is not None for reference in text.references)
        and value != text.with_values(lambda reference: str(reference.known))
    ]


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
    tasks, before = tasks_of(run, workflow), without_barriers(workflow.nodes)
    nodes: dict[str, set[str]] = {}
    for node, task in tasks.items():
        if run.ended.get(node) == 0:
            nodes.setdefault(task, set()).add(node)
    found = []
    for each in run.begun.values():
        names = [edge.node for edge in before[tasks[each.node]]]
        if not all(name in nodes and nodes[name] <= each.after for name in names):
            found.append(each.node)
    return found
