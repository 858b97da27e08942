"""What every pod of a step has is said once, and reaches each of them."""

import json
import re
from pathlib import Path

import pytest

from automl import targets
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.ir import Task, Workflow
from automl.compiler.target import Options
from automl.targets.objects.config_maps import Files
from automl.targets.objects.metadata import Object
from automl.targets.objects.pod import pod_spec
from automl.targets.objects.start import Given

FORMS = [
    ("argo", "workflow"),
    ("argo", "template"),
    ("kubeflow", "package"),
    ("kubeflow-native", "manifests"),
    ("kubernetes", "manifests"),
]
TAKERS = ("argo.templates", "kubernetes.jobs", "objects.service")


@pytest.mark.parametrize("target", ["argo", "kubernetes"])
def test_a_field_of_pods_reaches_those_of_jobs_and_of_services(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def more(workflow: Workflow, task: Task, files: Files, given: Given) -> Object:
        return pod_spec(workflow, task, files, given) | {"priorityClassName": f"for-{task.step}"}

    for taker in TAKERS:
        monkeypatch.setattr(f"automl.targets.{taker}.pod_spec", more)
    text = compiled(target, tmp_path)
    assert [text.count(f"for-{step}") for step in ("train", "serve")] == [1, 1]


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_where_pods_run_is_said_of_every_pod_of_a_step(name: str, form: str, tmp_path: Path) -> None:
    """Those of a job, of a service, and the one that deploys it, which starts a program of ours."""
    keys: Object = {
        "node_selector": {"pool": "gpu"},
        "tolerations": [{"key": "gpu"}],
        "image_pull_policy": "Never",
    }
    text = compiled(name, tmp_path, form, keys)
    pods = 2 if name == "kubernetes" else 3  # there the coordinator deploys
    assert len(re.findall('"?nodeSelector"?:', text)) == pods
    assert len(re.findall('"?tolerations"?:', text)) == pods
    assert len(re.findall('"?imagePullPolicy"?: "?Never', text)) == 2


def compiled(target: str, folder: Path, form: str | None = None, keys: Object | None = None) -> str:
    """A job and a service behind it."""
    runs = {"image": "i", "entrypoint": ["run"], **(keys or {})}
    stages = {
        "one": [{"step_name": "train", **runs}],
        "two": [{"step_name": "serve", **runs, "timeout": 60, "service": {}}],
    }
    config = {"name": "w", "stages": stages}
    loaded = targets.load(target)
    assert loaded
    source = Input("config.yaml", json.dumps(config).encode(), folder)
    options = Options(loaded.default_version, form or loaded.forms[0])
    [artifact] = compile_config(source, Overrides(), loaded, options).artifacts
    return artifact.text


def test_the_image_that_packs_the_code_is_pulled_as_its_step_says(tmp_path: Path) -> None:
    """Kubeflow's first task runs in the image of a step: one that is on the nodes alone must not be pulled."""
    (tmp_path / "a.py").touch()
    keys = {"path_to_executable": "a.py", "image_pull_policy": "Never"}
    step = {"step_name": "train", "image": "local:latest", **keys}
    config = {"name": "w", "code": {"bundle": {"include": ["a.py"]}}, "stages": {"one": [step]}}
    kubeflow = targets.load("kubeflow")
    assert kubeflow
    source = Input("config.yaml", json.dumps(config).encode(), tmp_path)
    result = compile_config(source, Overrides(), kubeflow, Options(kubeflow.default_version, "package"))
    assert [artifact.text.count("imagePullPolicy: Never") for artifact in result.artifacts] == [2]
