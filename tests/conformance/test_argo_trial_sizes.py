"""What Argo's own controller stores of a run with many trials, which the compiler knows before."""

import random
from pathlib import Path

import pytest
import yaml

from automl.targets.argo.checks import WORKFLOW_OVERHEAD, run_bytes
from automl.targets.argo.overflow import sizes_of
from automl.targets.dag.limits import MAX_WORKFLOW_BYTES
from automl.targets.objects.json import canonical
from tests.conformance.argo_controller import Controller
from tests.conformance.argo_judge import Case, compiled, meaning, submitted
from tests.conformance.argo_runs import Ending, Run, play
from tests.conformance.test_argo_controller import OF_LARGEST, stored_bytes
from tests.conformance.workflows import Object

COUNT = 120
CONFIG = f"""
name: many
code: {{image: true}}
defaults: {{image: i, entrypoint: [run]}}
stages:
  train:
    - step_name: train
      outputs: {{auc: float}}
      sweep:
        random: {{samples: {COUNT}, seed: 1, space: {{lr: {{min: 1e-4, max: 0.3, scale: log}}, seed: {{min: 1, max: 99999, type: int}}}}}}
"""
JUDGED = "        objective: {metric: auc, goal: maximize}\n"


def leaves_a_number(run: Run, pod: Object) -> Ending:
    """As long as programs write them."""
    return Ending(0, {"auc": str(random.random())} if "-trial-" in pod["metadata"]["name"] else {})


def bytes_of(case: Case, manifest: str) -> int:
    """What the compiler takes for the size of a run."""
    specs = [document.get("spec", {}) for document in yaml.load_all(manifest, yaml.CSafeLoader)]
    templates = [each for spec in specs for each in spec.get("templates", [])]
    return run_bytes(case.workflow, templates, sizes_of(map(canonical, templates)))


@pytest.mark.parametrize("argo", [OF_LARGEST], indirect=True)
def test_what_the_controller_stores_of_trials_is_known_before(argo: Controller, tmp_path: Path) -> None:
    """What each run adds is: five thousand are no more than there is room for."""
    cases, manifests = [], []
    for name, text in {"listed": CONFIG, "judged": CONFIG + JUDGED}.items():
        (tmp_path / name).mkdir()
        manifests.append(compiled(text, tmp_path / name))
        workflow = meaning(text, tmp_path / name)
        cases.append(submitted(argo, manifests[-1], workflow, tmp_path / name, leaves_a_number))
        cases[-1].run.keeps = None
    play(argo, [case.run for case in cases], seconds=900)
    for case, manifest in zip(cases, manifests, strict=True):
        assert case.run.verdict() == "Succeeded", case.run.verdict()
        stored = stored_bytes(case.run.workflow())
        assert stored < bytes_of(case, manifest) < 1.2 * stored + WORKFLOW_OVERHEAD
        assert 5000 * stored / COUNT < 1.15 * MAX_WORKFLOW_BYTES
