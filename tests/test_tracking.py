"""The example of the page about trackers, as MLflow's own client has written and reads it: experiment, names and tags."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.running import Project

PAGE = Path(__file__).parent.parent / "docs" / "tracking.md"
READ = """
import json, mlflow
runs = mlflow.search_runs(search_all_experiments=True, output_format="list")
names = {run.info.experiment_id: mlflow.get_experiment(run.info.experiment_id).name for run in runs}
print(json.dumps([[names[run.info.experiment_id], run.info.run_name, run.data.tags, run.data.params] for run in runs]))
"""
PREPARE = "import mlflow\n\nwith mlflow.start_run():\n    mlflow.log_metric('rows', 3)\n"
FIRST = """
  prepare:
    - {step_name: Prepare it, path_to_executable: prepare.py, envs: {MLFLOW_EXPERIMENT_NAME: own}}
"""
OF_ITS_OWN = ("mlflow.user", "mlflow.source.name", "mlflow.source.type")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The project of the page, whose runs go into a folder."""
    project, text = Project(tmp_path), PAGE.read_text(encoding="utf-8")
    [config] = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    [script] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    config = config.replace("https://mlflow.example.org", f"file:{tmp_path / 'mlruns'}")
    config = re.sub(r" *dependency_path: .*\n", "", config).replace("\nstages:\n", f"\nstages:{FIRST}")
    config += 'defaults: {envs: {MLFLOW_ALLOW_FILE_STORE: "true"}}\n'
    (project.folder / "automl.yaml").write_text(config, encoding="utf-8")
    (project.folder / "train.py").write_text(script, encoding="utf-8")
    (project.folder / "prepare.py").write_text(PREPARE, encoding="utf-8")
    for secret, key in (("mlflow", "token"), ("wandb-login", "WANDB_API_KEY")):
        file = tmp_path / ".config" / "automl" / "secrets" / secret / key
        file.parent.mkdir(parents=True, mode=0o700)
        file.write_text("x" * 40)
        file.chmod(0o600)
    return project


@pytest.mark.slow
def test_mlflow_reads_what_it_is_told(project: Project, tmp_path: Path) -> None:
    _make_experiment(tmp_path)
    done = project.automl("run", "-q")
    assert done.code == 0, done.out + done.err
    tags = {"automl.workflow": "churn", "automl.run": project.run().name}
    prepared = {"mlflow.runName": "prepare-it", "automl.stage": "prepare", "automl.step": "prepare-it"}
    assert _written(tmp_path) == [
        ["churn", *_trained("1bbc3a343f", tags), {"lr": "0.01"}],
        ["churn", *_trained("ef798c648a", tags), {"lr": "0.1"}],
        ["own", "prepare-it", {**tags, **prepared}, {}],
    ]


def _make_experiment(folder: Path) -> None:
    """As the page says to, since the runs of the sweep start together."""
    [command] = re.findall(r"`mlflow (experiments create [^`]*)`", PAGE.read_text(encoding="utf-8"))
    words = [sys.executable, "-m", "mlflow", *command.split()]
    subprocess.run(words, env=_variables(folder), capture_output=True, check=True)


def _variables(folder: Path) -> dict[str, str]:
    return {"MLFLOW_TRACKING_URI": f"file:{folder / 'mlruns'}", "MLFLOW_ALLOW_FILE_STORE": "true"}


def _trained(trial: str, tags: dict[str, str]) -> tuple[str, dict[str, str]]:
    name = f"train/{trial}"
    own = {"mlflow.runName": name, "automl.stage": "train", "automl.step": "train", "automl.trial": trial}
    return name, {**tags, **own}


def _written(folder: Path) -> list[Any]:
    """All runs that are there: experiment, name, tags and parameters."""
    words = [sys.executable, "-c", READ]
    done = subprocess.run(words, env=_variables(folder), capture_output=True, text=True, check=True)
    rows = sorted(json.loads(done.stdout), key=lambda row: str(row[:2]))
    return [
        [name, run, {key: tag for key, tag in tags.items() if key not in OF_ITS_OWN}, params]
        for name, run, tags, params in rows
    ]
