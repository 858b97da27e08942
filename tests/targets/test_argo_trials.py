"""The trials of a step in Argo: a loop over one template, and what is asked of all of them."""

import json
from typing import Any

import pytest

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import (
    Axis,
    BestOutput,
    BestParam,
    Collected,
    Objective,
    OfFold,
    OfTrial,
    Reference,
    Store,
    Trial,
    Trials,
    Type,
    Workflow,
)
from automl.compiler.target import Options
from automl.runtime import trials as runtime_trials
from automl.runtime.outputs import decode, encode
from automl.targets.argo import Argo
from automl.targets.argo.checks import run_bytes
from automl.targets.argo.overflow import MAX_TEMPLATE_BYTES, sizes_of
from automl.targets.dag.limits import MAX_WORKFLOW_BYTES
from automl.targets.objects.json import canonical
from tests.by_hand import PROJECT, SPAN, job, output
from tests.targets.test_argo_data import ROWS, templates, variables, words, written
from tests.targets.test_references import emitted, service

Object = dict[str, Any]
AXES = (Axis("lr", Type.FLOAT), Axis("trial", Type.TEXT))
TABLE = (Trial("aa", ("0.1", "{{x}}")), Trial("bb", ("1e-2", "b")))
AUC = Objective("auc", None, maximize=True)
OUTPUTS = (output("auc", Type.FLOAT), output("note", Type.TEXT), output("model", Type.MODEL))
LR, FOLD = OfTrial("lr", Type.FLOAT), OfFold.INDEX
GIVEN = (
    Reference("AUTOML_PARAM_LR", LR),
    Reference("AUTOML_PARAM_TRIAL", OfTrial("trial", Type.TEXT)),
    Reference("AUTOML_PARAM_FOLD_INDEX", FOLD),
    Reference("AUTOML_PARAM_FOLD_COUNT", OfFold.COUNT),
)
BEST_LR = Reference("AUTOML_INPUT_LR", BestParam("train", "lr", Type.FLOAT))
BEST_AUC = Reference("AUTOML_INPUT_AUC", BestOutput("train", "auc", Type.FLOAT))
BEST_MODEL = Reference("AUTOML_INPUT_MODEL", BestOutput("train", "model", Type.MODEL))
ALL_NOTES = Reference("AUTOML_INPUT_NOTES", Collected("train", "note", Type.TEXT))
ALL_MODELS = Reference("AUTOML_INPUT_MODELS", Collected("train", "model", Type.MODEL))
STORE = Store("s3://bucket/prefix", None, SPAN)


def sweeping(
    *taken: Reference, kind: Any = PROJECT, axes: Any = AXES, table: Any = TABLE, **more: Any
) -> Workflow:
    """A step with trials, which takes a value of another, and a step that takes something of them."""
    inputs = (
        *GIVEN[: len(axes)],
        *(GIVEN[2:] if "folds" in more else ()),
        Reference("AUTOML_INPUT_ROWS", ROWS),
    )
    trials = Trials(axes, table, **more)
    train = job("train", "load", values=inputs, outputs=OUTPUTS, trials=trials, uses_workspace=True, **kind)
    report = job("report", "train", values=taken, uses_workspace=True, **PROJECT)
    return written([job("load", outputs=(output("rows", Type.INT),), **PROJECT), train, report])


def refusals(workflow: Workflow) -> list[Diagnostic]:
    """What Argo says of a workflow that it cannot run."""
    said = Argo().emit(workflow, Options("3.7", "workflow")).diagnostics
    return [one for one in said if one.code is Code.CANNOT_SAY]


def inputs(template: Object) -> list[str]:
    return [one["name"] for one in template["inputs"]["parameters"]]


def loop(template: Object) -> tuple[Object, dict[str, str]]:
    """The task that runs all of them, and what each is given."""
    task = template["dag"]["tasks"][0]
    return task, {one["name"]: one["value"] for one in task["arguments"]["parameters"]}


def test_a_loop_runs_one_template_for_each_trial() -> None:
    """The value of a project goes in the code of outputs; an axis may be called as we call the name of a trial."""
    found = templates(sweeping())
    task, given = loop(found["train"])
    assert task["template"] == "train-trial"
    assert task["withItems"] == [
        {"_trial": "aa", "lr": "0.1", "trial": "%7B%7Bx%7D%7D"},
        {"_trial": "bb", "lr": "1e-2", "trial": "b"},
    ]
    assert decode("%7B%7Bx%7D%7D") == "{{x}}"
    assert inputs(found["train-trial"]) == ["trial-name", "param-lr", "param-trial", "load_rows"]
    assert given == {
        "trial-name": "{{item._trial}}",
        "param-lr": "{{item.lr}}",
        "param-trial": "{{item.trial}}",
        "load_rows": "{{inputs.parameters.load_rows}}",
    }
    assert "AUTOML_PARAM_LR={{inputs.parameters.param-lr}}" in words(found["train-trial"], "--value")
    assert (
        found["train-trial"]["metadata"]["labels"]["automl.dev/trial"] == "{{inputs.parameters.trial-name}}"
    )


def test_the_loop_stands_where_a_step_without_trials_would() -> None:
    found = templates(sweeping(BEST_LR, objective=AUC))
    main = {task["name"]: task for task in found["main"]["dag"]["tasks"]}
    assert [main["train"]["template"], main["train"]["depends"]] == ["train", "load.Succeeded"]
    assert inputs(found["train"]) == ["load_rows"]
    assert main["report"]["arguments"]["parameters"] == [
        {"name": "train_param_lr", "value": "{{tasks.train.outputs.parameters.param-lr}}"}
    ]
    assert words(found["report"], "--value") == ["AUTOML_INPUT_LR={{inputs.parameters.train_param_lr}}"]


def test_nothing_is_selected_where_nobody_asks() -> None:
    found = templates(sweeping())
    assert "train-select" not in found
    assert [task["name"] for task in found["train"]["dag"]["tasks"]] == ["trial"]
    assert "outputs" not in found["train-trial"]
    assert "outputs" not in found["train"]


@pytest.mark.parametrize(
    ("taken", "more"),
    [((), {"objective": AUC}), ((), {"max_failed": 1}), ((ALL_NOTES,), {}), ((ALL_MODELS,), {})],
    ids=["objective", "max_failed", "values", "files"],
)
def test_a_pod_selects_where_somebody_asks(taken: tuple[Reference, ...], more: Object) -> None:
    found = templates(sweeping(*taken, **more))
    [_, select] = found["train"]["dag"]["tasks"]
    is_tolerant = "max_failed" in more
    tolerated = " || trial.Failed || trial.Errored" if is_tolerant else ""
    assert select["depends"] == f"trial.Succeeded{tolerated}"
    assert found["train"]["dag"].get("failFast") == (False if is_tolerant else None)
    assert "failFast" not in found["train"]
    assert {"name": "_run", "value": "{{inputs.parameters.trial-name}}"} in found["train-trial"]["outputs"][
        "parameters"
    ]


def test_only_what_is_asked_for_is_collected() -> None:
    found = templates(sweeping(BEST_LR, ALL_NOTES, objective=AUC))
    names = [one["name"] for one in found["train-trial"]["outputs"]["parameters"]]
    assert names == ["_run", "auc", "note"]
    assert [one.partition("=")[0] for one in words(found["train-trial"], "--to")] == ["auc", "note", "model"]
    found = templates(sweeping(BEST_LR, objective=AUC))
    assert [one.partition("=")[0] for one in words(found["train-trial"], "--to")] == ["auc", "model"]


def test_the_program_that_selects_knows_the_same_runs() -> None:
    wanted = sweeping(BEST_LR, BEST_AUC, ALL_MODELS, objective=AUC, folds=2, max_failed=1)
    [table] = [
        one["data"]["trials.json"]
        for one in emitted("argo", None, wanted)
        if "trials.json" in one.get("data", {})
    ]
    told = json.loads(table)
    [train] = [one for one in wanted.jobs if one.trials]
    assert train.trials
    known = runtime_trials.Trials(**told["trials"])
    assert [run.name for run in known.runs()] == [run.name for run in train.trials.runs]
    assert (known.max_failed, known.table) == (1, [["aa", "0.1", "{{x}}"], ["bb", "1e-2", "b"]])
    assert told["values"] == {
        "param-lr": {"task": "train", "param": "lr"},
        "best-auc": {"task": "train", "best": "auc"},
    }
    assert (told["gathered"], told["types"], told["plain"]) == (["model"], {"auc": "float"}, [])


def test_each_fold_is_a_run_of_its_own() -> None:
    found = templates(sweeping(objective=AUC, folds=2, max_parallel=3))
    task, _ = loop(found["train"])
    assert [(item["_trial"], item["_fold"]) for item in task["withItems"]] == [
        *(("aa", "0"), ("aa", "1")),
        *(("bb", "0"), ("bb", "1")),
    ]
    assert found["train"]["parallelism"] == 3
    run = "{{inputs.parameters.trial-name}}-{{inputs.parameters.trial-fold}}"
    assert f"model=/disk/runs/{{{{workflow.uid}}}}/train/{run}/model" in words(found["train-trial"], "--to")
    plain = words(found["train-trial"], "--plain")
    assert plain == ["AUTOML_PARAM_FOLD_INDEX={{inputs.parameters.trial-fold}}", "AUTOML_PARAM_FOLD_COUNT=2"]
    alone = templates(sweeping(axes=(), table=(Trial("", ()),), folds=2))
    assert loop(alone["train"])[0]["withItems"] == [{"_fold": "0"}, {"_fold": "1"}]
    assert "automl.dev/trial" not in alone["train-trial"]["metadata"]["labels"]


def test_values_for_an_image_are_plain() -> None:
    table = (Trial("aa", ("0.1", "100%")),)
    found = templates(sweeping(kind={}, table=table))
    assert loop(found["train"])[0]["withItems"] == [{"_trial": "aa", "lr": "0.1", "trial": "100%"}]
    assert variables(found["train-trial"])["AUTOML_PARAM_TRIAL"] == "{{inputs.parameters.param-trial}}"
    [refusal] = refusals(sweeping(kind={}))
    assert (
        refusal.message
        == "\"trial\" cannot be '{{x}}' in an image: Argo or Kubernetes would change it on its way"
    )


def test_a_file_of_the_best_is_found_by_the_name_of_its_run() -> None:
    found = templates(sweeping(BEST_MODEL, objective=AUC))
    best = "{{inputs.parameters.train_best}}"
    assert words(found["report"], "--plain") == [
        f"AUTOML_INPUT_MODEL=/disk/runs/{{{{workflow.uid}}}}/train/{best}/model"
    ]


def test_files_of_all_are_a_folder_of_links() -> None:
    found = templates(sweeping(ALL_MODELS))
    folder = "/disk/runs/{{workflow.uid}}/train"
    assert found["train-select"]["container"]["args"][3:] == [folder, "{{inputs.parameters.results}}"]
    mounts = [one["mountPath"] for one in found["train-select"]["container"]["volumeMounts"]]
    assert "/disk" in mounts
    assert words(found["report"], "--plain") == [f"AUTOML_INPUT_MODELS={folder}/all/model"]


def test_a_file_of_the_best_is_in_the_store_under_the_name_of_its_run() -> None:
    wanted = sweeping(BEST_MODEL, objective=AUC)._replace(store=STORE, workspace=None)
    found = templates(wanted._replace(nodes=tuple(one._replace(uses_workspace=False) for one in wanted.jobs)))
    [left] = found["train-trial"]["outputs"]["artifacts"]
    [taken] = found["report"]["inputs"]["artifacts"]
    assert left["s3"]["key"] == "prefix/runs/{{workflow.uid}}/train/{{inputs.parameters.trial-name}}/model"
    assert taken["s3"]["key"] == "prefix/runs/{{workflow.uid}}/train/{{inputs.parameters.train_best}}/model"
    assert words(found["report"], "--plain") == [f"AUTOML_INPUT_MODEL={taken['path']}"]


@pytest.mark.parametrize(
    ("taken", "more", "part"),
    [
        (BEST_MODEL, {"by_engine": True}, "in a repository of Argo their names are known to nobody"),
        (ALL_MODELS, {"by_engine": True}, "in a repository of Argo their names are known to nobody"),
        (ALL_MODELS, {"store": STORE}, "Argo hands on one artifact, and no list of them"),
    ],
)
def test_files_that_have_no_names_are_refused(taken: Reference, more: Object, part: str) -> None:
    [refusal] = refusals(sweeping(taken, objective=AUC)._replace(workspace=None, **more))
    assert part in refusal.message


def many(count: int, *taken: Reference, **more: Any) -> Workflow:
    table = tuple(Trial(f"{number:010x}", (str(number), "a")) for number in range(count))
    return sweeping(*taken, table=table, **more)


def test_trials_that_are_too_many_are_refused_with_counts() -> None:
    """A run has room for so many, and one word of a command for what they leave."""
    [refusal] = refusals(many(8000))
    assert refusal.message.endswith("the limit is 1024 KiB (3 steps, 8,000 runs of trials)")
    [refusal] = refusals(many(3000, BEST_LR, objective=AUC))
    assert refusal.message.startswith('what the 3,000 runs of "train" leave takes 1')
    assert refusals(many(1500, BEST_LR, objective=AUC)) == []


def test_trials_that_one_object_does_not_hold_are_in_parts() -> None:
    """One behind the other only where not all of them may run at a time."""
    wanted = many(6000)
    assert refusals(wanted) == []
    *parts, whole = [
        one for one in templates(wanted).values() if one["name"].startswith("train") and "dag" in one
    ]
    assert all(size <= MAX_TEMPLATE_BYTES for size in sizes_of(map(canonical, parts)))
    items = [item for one in parts for item in one["dag"]["tasks"][0]["withItems"]]
    assert [item["lr"] for item in items] == [encode(str(number)) for number in range(6000)]
    tasks = whole["dag"]["tasks"]
    assert [task["name"] for task in tasks] == [one["name"] for one in parts] == ["train-1", "train-2"]
    assert all(task["arguments"] == tasks[0]["arguments"] for task in tasks)
    assert "depends" not in tasks[1]
    *parts, whole = [one for one in templates(many(6000, max_parallel=7)).values() if "parallelism" in one]
    assert [one["parallelism"] for one in parts] == [7, 7]
    assert whole["dag"]["tasks"][1]["depends"] == "train-1.Succeeded"


def test_a_limit_of_the_run_is_the_workflows() -> None:
    [spec] = [
        one["spec"]
        for one in emitted("argo", None, sweeping()._replace(max_parallel=3))
        if one["kind"] == "Workflow"
    ]
    assert spec["parallelism"] == 3


def test_five_thousand_trials_are_run() -> None:
    """Of texts of a usual length; what the controller makes of them is measured beside a controller."""
    table = tuple(Trial(f"{number:010x}", (str(number),)) for number in range(5000))
    wanted = sweeping(axes=AXES[:1], table=table)
    assert refusals(wanted) == []
    found = list(templates(wanted).values())
    assert run_bytes(wanted, found, sizes_of(map(canonical, found))) < 0.75 * MAX_WORKFLOW_BYTES
    [train] = [one for one in wanted.jobs if one.trials]
    twice = wanted._replace(nodes=(*wanted.nodes, train._replace(name="again", step="again", after=())))
    [refusal] = refusals(twice)
    assert refusal.message.endswith("the limit is 1024 KiB (4 steps, 10,000 runs of trials)")


def test_a_service_is_given_a_file_of_the_best_and_those_of_all() -> None:
    """They are on the workspace; it fails where a path that is made of the name of a run is taken for an artifact."""
    wanted = sweeping(objective=AUC)
    values = (BEST_MODEL, ALL_MODELS)
    api = service(job("api", "train", values=values, uses_workspace=True, **PROJECT))
    wanted = wanted._replace(nodes=(*wanted.nodes[:-1], api))
    assert refusals(wanted) == []
    folder = "/disk/runs/{{workflow.uid}}/train"
    assert words(templates(wanted)["api"], "--plain") == [
        f"AUTOML_INPUT_MODEL={folder}/{{{{inputs.parameters.train_best}}}}/model",
        f"AUTOML_INPUT_MODELS={folder}/all/model",
    ]
