"""What every pod of a step has is said once, and reaches each of them."""

import json
from pathlib import Path

import pytest

from automl import targets
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.ir import Task
from automl.compiler.target import Options
from automl.targets.objects.config_maps import Files
from automl.targets.objects.metadata import Object
from automl.targets.objects.pod import pod_spec

TAKERS = ("argo.templates", "kubernetes.jobs", "objects.service")


@pytest.mark.parametrize("target", ["argo", "kubernetes"])
def test_a_field_of_pods_reaches_those_of_jobs_and_of_services(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def more(task: Task, files: Files) -> Object:
        return pod_spec(task, files) | {"priorityClassName": f"for-{task.step}"}

    for taker in TAKERS:
        monkeypatch.setattr(f"automl.targets.{taker}.pod_spec", more)
    text = compiled(target, tmp_path)
    assert [text.count(f"for-{step}") for step in ("train", "serve")] == [1, 1]


def compiled(target: str, folder: Path) -> str:
    """A job and a service behind it."""
    runs = {"image": "i", "entrypoint": ["run"]}
    stages = {
        "one": [{"step_name": "train", **runs}],
        "two": [{"step_name": "serve", **runs, "timeout": 60, "service": {}}],
    }
    config = {"name": "w", "stages": stages}
    loaded = targets.load(target)
    assert loaded
    source = Input("config.yaml", json.dumps(config).encode(), folder)
    options = Options(loaded.default_version, loaded.forms[0])
    [artifact] = compile_config(source, Overrides(), loaded, options).artifacts
    return artifact.text
