"""What the steps of a config are told of trackers, and what that changes of its runs on each engine: nothing."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from automl import targets
from automl.compiler.driver import Input, Overrides, Result, compile_config
from automl.compiler.target import Options
from automl.runtime.coordinator import bound_to_run
from automl.runtime.plan import Plan, Step

HEAD = """
name: churn
code: {image: true}
defaults: {image: quay.io/acme/churn:1, entrypoint: [run]}
"""
ONE = f"{HEAD}stages: {{train: [{{step_name: train}}]}}\n"
MLFLOW = 'tracking: {mlflow: {uri: "http://mlflow:5000"}}\n'
TAGS = '{"mlflow.runName":"train","automl.workflow":"churn","automl.stage":"train","automl.step":"train","automl.run":"%s"}'


def compiled(text: str, target: str, form: str | None = None) -> Result:
    """What a target makes of a config."""
    found = targets.load(target)
    assert found
    options = Options(found.default_version, form or found.forms[0])
    return compile_config(Input("config.yaml", text.encode(), Path("/nowhere")), Overrides(), found, options)


def documents(text: str, target: str) -> list[Any]:
    [artifact] = compiled(text, target).artifacts
    return [*yaml.safe_load_all(artifact.text)]


def container(text: str) -> Any:
    """The container of the only step, on plain Kubernetes."""
    [job] = [one for one in documents(text, "kubernetes") if one["kind"] in ("Job", "CronJob")]
    return job["spec"]["template"]["spec"]["containers"][0]


def test_a_job_that_nothing_waits_for_needs_no_coordinator_to_be_told_of_its_run() -> None:
    assert [one["kind"] for one in documents(MLFLOW + ONE, "kubernetes")] == ["Job"]
    named, *told = [one for one in container(MLFLOW + ONE)["env"] if one["name"] != "HOME"]
    path = "metadata.labels['batch.kubernetes.io/job-name']"
    assert named == {"name": "AUTOML_RUN_TAG", "valueFrom": {"fieldRef": {"fieldPath": path}}}
    assert {one["name"]: one["value"] for one in told} == {
        "MLFLOW_TRACKING_URI": "http://mlflow:5000",
        "MLFLOW_EXPERIMENT_NAME": "churn",
        "MLFLOW_RUN_CONTEXT": TAGS % "$(AUTOML_RUN_TAG)",
    }


@pytest.mark.parametrize(
    ("step", "wins"),
    [
        ("envs: {MLFLOW_TRACKING_URI: own}", {"name": "MLFLOW_TRACKING_URI", "value": "own"}),
        ("envs: {WANDB_API_KEY: none}", {"name": "WANDB_API_KEY", "value": "none"}),
        (
            "secrets: [{name: own, keys: {key: WANDB_API_KEY}}]",
            {"name": "WANDB_API_KEY", "valueFrom": {"secretKeyRef": {"name": "own", "key": "key"}}},
        ),
        (
            "secrets: [{name: own, keys: {uri: MLFLOW_TRACKING_URI}}]",
            {"name": "MLFLOW_TRACKING_URI", "valueFrom": {"secretKeyRef": {"name": "own", "key": "uri"}}},
        ),
    ],
)
def test_what_a_step_says_itself_wins_and_is_there_once(step: str, wins: Any) -> None:
    trackers = 'tracking: {mlflow: {uri: "http://mlflow:5000"}, wandb: {secret: wandb}}\n'
    env = container(trackers + ONE.replace("train}]", f"train, {step}}}]"))["env"]
    assert set(Counter(one["name"] for one in env).values()) == {1}
    assert wins in env


def test_a_secret_has_the_keys_that_it_says_or_those_of_the_tracker() -> None:
    trackers = """
tracking:
  mlflow: {uri: "http://mlflow:5000", secret: {name: mlflow, keys: {token: MLFLOW_TRACKING_TOKEN}}}
  wandb: {secret: wandb}
  neptune: {project: a/b, secret: neptune}
"""
    taken = [
        (one["name"], one["valueFrom"]["secretKeyRef"])
        for one in container(trackers + ONE)["env"]
        if "secretKeyRef" in one.get("valueFrom", {})
    ]
    assert taken == [
        ("MLFLOW_TRACKING_TOKEN", {"name": "mlflow", "key": "token"}),
        ("WANDB_API_KEY", {"name": "wandb", "key": "WANDB_API_KEY"}),
        ("NEPTUNE_API_TOKEN", {"name": "neptune", "key": "NEPTUNE_API_TOKEN"}),
    ]


def test_vertex_has_no_secret_and_says_where_it_stands() -> None:
    text = 'tracking: {mlflow: {uri: "http://mlflow:5000", secret: mlflow}}\n' + ONE
    assert compiled(text, "kubeflow").artifacts
    refused = compiled(text, "kubeflow", "vertex")
    [error] = [one for one in refused.diagnostics if one.code == "AML601"]
    assert (error.span.line, error.span.column) == (1, text.index("secret") + 1)
    assert compiled(MLFLOW + ONE, "kubeflow", "vertex").artifacts


def test_a_step_that_is_told_a_tag_is_the_same_in_every_run() -> None:
    said = [("id", True), ("name", True), ("tag", False), ("trial", False)]
    for word, is_bound in said:
        first = Step("first", "a", "t", values={"X": {"run": word}})
        behind = Step("behind", "b", "t", after=("first",), values={"Y": {"task": "first", "output": "z"}})
        assert bound_to_run(Plan("w", (first, behind))) == ({"first", "behind"} if is_bound else set())


def test_a_name_that_json_would_quote_is_quoted() -> None:
    steps = "stages: {'It''s \"a\" stage': [{step_name: 'tr\\ain \"x\"'}]}\n"
    [tags] = [one["value"] for one in container(MLFLOW + HEAD + steps)["env"] if "CONTEXT" in one["name"]]
    assert json.loads(tags) == {
        "mlflow.runName": "tr-ain-x",
        "automl.workflow": "churn",
        "automl.stage": "it-s-a-stage",
        "automl.step": "tr-ain-x",
        "automl.run": "$(AUTOML_RUN_TAG)",
    }


def test_kubeflow_is_told_the_id_of_a_run_whose_name_may_have_quotes() -> None:
    [artifact] = compiled(MLFLOW + ONE, "kubeflow").artifacts
    assert "pipeline_job_name" not in artifact.text
    assert re.search(r"pipeline_job_uuid", artifact.text)
