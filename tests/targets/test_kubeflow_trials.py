"""Trials in Kubeflow: a loop over one component, what judges them behind it, and what is refused of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.target import Options
from automl.targets import load
from tests.targets.test_kubeflow import made_of

Object = dict[str, Any]
IMAGE = "image: i, entrypoint: [run]"
PROJECT = "path_to_executable: a.py"


def config(step: str, sweep: str, *others: str, more: str = "") -> str:
    taking = "\n".join(f"    - {other}" for other in others)
    code = "code: {image: true}\n" if IMAGE in step else ""
    return (
        f"name: w\n{code}{more}stages:\n  train:\n    - {{step_name: train, {step}, sweep: {{{sweep}}}}}\n"
        + (f"  report:\n{taking}\n" if others else "")
    )


def spec_of(text: str, folder: Path) -> Object:
    (folder / "a.py").write_text("")
    return dict(made_of(text, folder).spec)


def said(text: str, folder: Path) -> list[Diagnostic]:
    (folder / "a.py").write_text("")
    target = load("kubeflow")
    assert target
    given = Input("config.yaml", text.encode(), folder)
    return list(compile_config(given, Overrides(), target, Options("2.15", "package")).diagnostics)


def test_a_step_is_one_component_in_one_loop(tmp_path: Path) -> None:
    spec = spec_of(config(PROJECT, "grid: {lr: [0.1, a b, '{'], n: [1]}, max_parallel: 2"), tmp_path)
    stage = spec["components"]["comp-stage-train"]["dag"]["tasks"]
    assert stage.keys() == {"train"}
    loop = stage["train"]
    assert loop["iteratorPolicy"] == {"parallelismLimit": 2}
    assert loop["parameterIterator"]["itemInput"] == "item"
    items = json.loads(loop["parameterIterator"]["items"]["raw"])
    assert [(item["lr"], item["n"]) for item in items] == [("0.1", "1"), ("a b", "1"), ("%7B", "1")]
    assert len({item["trial"] for item in items}) == 3
    inner = spec["components"]["comp-train"]
    assert inner["inputDefinitions"]["parameters"] == {"item": {"parameterType": "STRUCT"}}
    assert inner["dag"]["tasks"]["train-trial"]["inputs"]["parameters"]["lr"] == {
        "componentInputParameter": "item",
        "parameterExpressionSelector": 'parseJson(string_value)["lr"]',
    }
    assert "outputDefinitions" not in inner
    assert "comp-train-selection" not in spec["components"]


def test_nothing_limits_a_loop_that_has_no_limit(tmp_path: Path) -> None:
    spec = spec_of(config(IMAGE, "grid: {lr: [1]}"), tmp_path)
    assert "iteratorPolicy" not in spec["components"]["comp-stage-train"]["dag"]["tasks"]["train"]


@pytest.mark.parametrize(
    "sweep", ["grid: {lr: [1]}, max_failed: 1", "grid: {lr: [1]}, objective: {metric: auc, goal: minimize}"]
)
def test_who_judges_comes_before_what_comes_after(sweep: str, tmp_path: Path) -> None:
    step = f"{PROJECT}, outputs: {{auc: float}}"
    spec = spec_of(config(step, sweep).replace("\n    - {step_name: train", "\n    - {step_name: b, path_to_executable: a.py, needs: [train]}\n    - {step_name: train"), tmp_path)  # fmt: skip
    [tasks] = [each["dag"]["tasks"] for each in spec["components"].values() if "train-selection" in each.get("dag", {}).get("tasks", {})]  # fmt: skip
    assert tasks["train-selection"]["dependentTasks"] == ["train"]
    assert [name for name, task in tasks.items() if "train" in task.get("dependentTasks", [])] == [
        "train-selection"
    ]
    [taken] = tasks["train-selection"]["inputs"]["parameters"].values()
    assert taken["taskOutputParameter"]["producerTask"] == "train"
    [kind] = spec["components"]["comp-train-selection"]["inputDefinitions"]["parameters"].values()
    assert kind == {"parameterType": "LIST"}


def test_the_best_and_all_of_one_name_are_two(tmp_path: Path) -> None:
    """A value of an axis, an output of the best and that of all are no less than three."""
    other = "{step_name: b, path_to_executable: a.py, inputs: {a: '${{ steps.train.best.params.x }}', b: '${{ steps.train.best.outputs.x }}', c: '${{ collect(steps.train.outputs.x) }}'}}"
    step = f"{PROJECT}, outputs: {{x: float}}"
    spec = spec_of(
        config(step, "grid: {x: [0.1, 0.2]}, objective: {metric: x, goal: minimize}", other), tmp_path
    )
    made = spec["components"]["comp-train-selection"]["outputDefinitions"]["parameters"]
    assert made.keys() == {"param_x", "best_x", "all_x"}
    assert len(spec["components"]["comp-b"]["inputDefinitions"]["parameters"]) == 3


def test_inputs_of_a_loop_have_names_of_their_own(tmp_path: Path) -> None:
    more = "params: {item: 1, trial: 2}\n"
    step = f"{PROJECT}, args: ['${{{{ params.item }}}}', '${{{{ params.trial }}}}']"
    spec = spec_of(config(step, "grid: {run: [1], code: [2]}", more=more), tmp_path)
    loop = spec["components"]["comp-stage-train"]["dag"]["tasks"]["train"]
    assert loop["parameterIterator"]["itemInput"] == "item_"
    [item] = json.loads(loop["parameterIterator"]["items"]["raw"])
    assert item.keys() == {"trial_", "param_run", "param_code"}
    assert {"item", "trial"} <= spec["components"]["comp-train-trial"]["inputDefinitions"][
        "parameters"
    ].keys()


def test_no_name_is_that_of_a_template_of_a_loop(tmp_path: Path) -> None:
    """The backend calls one as the component, with `-iteration` behind it (dag.go, iterationItemTask)."""
    two = "[{step_name: a, image: i, entrypoint: [run], sweep: {grid: {lr: [1]}}}, {step_name: a-iteration, image: i, entrypoint: [run], sweep: {grid: {lr: [1]}}}]"
    spec = spec_of(f"name: w\ncode: {{image: true}}\nstages: {{train: {two}}}", tmp_path)
    dags = {name for name, each in spec["components"].items() if "dag" in each}
    assert not {f"{name}-iteration" for name in dags} & dags


@pytest.mark.parametrize(
    ("step", "sweep", "says"),
    [
        (IMAGE, "grid: {lr: ['{{x}}']}", "cannot go to an image in Kubeflow"),
        (IMAGE, "grid: {lr: [1]}, max_failed: 1", '"max_failed" cannot be said of the image of "train"'),
    ],
)
def test_what_an_image_cannot_have_is_refused(step: str, sweep: str, says: str, tmp_path: Path) -> None:
    [diagnostic] = said(config(step, sweep), tmp_path)
    assert diagnostic.code is Code.CANNOT_SAY
    assert says in diagnostic.message
    assert diagnostic.help


@pytest.mark.parametrize("reference", ["steps.train.best.outputs.m", "collect(steps.train.outputs.m)"])
@pytest.mark.parametrize(("step", "code"), [(IMAGE, Code.CANNOT_SAY), (PROJECT, Code.ENGINE_LIMIT)])
def test_files_of_trials_are_for_steps_of_the_project(
    step: str, code: Code, reference: str, tmp_path: Path
) -> None:
    other = f"{{step_name: b, {step}, inputs: {{m: '${{{{ {reference} }}}}'}}}}"
    sweep = "grid: {lr: [1, 2, 3]}, objective: {metric: auc, goal: maximize}"
    [diagnostic] = said(config(f"{step}, outputs: {{auc: float, m: file}}", sweep, other), tmp_path)
    assert diagnostic.code is code
    assert '"inputs" of "b" have the file "m" of the trials of "train"' in diagnostic.message
    assert code is Code.CANNOT_SAY or "all 3 runs" in diagnostic.message


def test_leave_to_fail_is_said_and_how_it_is_done(tmp_path: Path) -> None:
    text = config(f"{PROJECT}, backoff_limit: 2", "grid: {lr: [1, 2]}, max_failed: 1")
    [diagnostic] = said(text, tmp_path)
    assert diagnostic.code is Code.ENGINE_LIMIT
    assert diagnostic.message.startswith('"max_failed" is for the start script')
    words = spec_of(text, tmp_path)["deploymentSpec"]["executors"]["exec-train-trial"]["container"]["args"]
    assert words[words.index("--tolerate") + 1] == "3"


@pytest.mark.parametrize(("trials", "says"), [(90, ""), (400, "400 runs"), (4000, "4,000 runs")])
def test_what_argo_would_not_keep_is_refused_with_the_number_of_runs(
    trials: int, says: str, tmp_path: Path
) -> None:
    sweep = f"grid: {{lr: {{min: 1, max: {trials}, step: 1}}}}"
    found = said(config(PROJECT, sweep, more="limits: {max_tasks: 10000}\n"), tmp_path)
    errors = [each for each in found if each.code is Code.CANNOT_SAY]
    assert [says in each.message for each in errors] == ([True] if says else [])
    assert all(each.help == "sweep fewer values, or in several workflows" for each in errors)
