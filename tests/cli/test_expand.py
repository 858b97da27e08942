"""`automl expand`: the trials of a config, for people and for programs."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.test_cli import Done, automl

CONFIG = """\
name: churn
params: {low: {type: float, default: 0.01}}
stages:
  prepare:
    - {step_name: load, image: "a:1"}
  train:
    - step_name: forest
      image: "a:1"
      cross_validation: {folds: 3}
      sweep:
        grid: {lr: [0.10, "${{ params.low }}"], layers: [[64, 32], []]}
        include: [{lr: 1e-4, layers: [8]}]
    - step_name: linear
      image: "a:1"
      sweep: {zip: {tag: [a, "b, \\"c\\"\\n\\e[31m"], quick: [true, false], lr: [1, auto]}}
    - {step_name: mean, image: "a:1", cross_validation: {folds: 2}}
"""
TEXT = r"""forest: 5 trials x 3 folds, 15 runs
  TRIAL       lr    layers
  dc52ba9af1  0.10  [64, 32]
  383b03b9ec  0.10  []
  0542a4ea6d  0.01  [64, 32]
  527db665a1  0.01  []
  02eaea839d  1e-4  [8]

linear: 2 trials, 2 runs
  TRIAL       tag               quick  lr
  2606576a80  a                 true   1
  f217bcceff  b, "c"\n\x1b[31m  false  auto

mean: 1 trial x 2 folds, 2 runs
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def test_people_get_a_table_for_each_step(project: Path) -> None:
    assert automl("expand", cwd=project) == Done(0, TEXT.encode(), "")
    assert automl("expand", "config.yaml", cwd=project).out == TEXT.encode()
    assert automl("expand", str(project), cwd=project).out == TEXT.encode()
    assert automl("expand", "-", cwd=project, stdin=CONFIG.encode()).out == TEXT.encode()


def test_programs_get_values_of_their_types(project: Path) -> None:
    done = automl("expand", "--format", "json", cwd=project)
    assert (done.code, done.err) == (0, "")
    forest, linear, mean = json.loads(done.out)
    assert {key: forest[key] for key in ("step", "stage", "runs", "folds")} == {
        "step": "forest",
        "stage": "train",
        "runs": 15,
        "folds": 3,
    }
    assert forest["trials"][0] == {"trial": "dc52ba9af1", "values": {"lr": 0.1, "layers": [64, 32]}}
    assert forest["trials"][4]["values"] == {"lr": 0.0001, "layers": [8]}
    assert [trial["values"] for trial in linear["trials"]] == [
        {"tag": "a", "quick": True, "lr": "1"},
        {"tag": 'b, "c"\n\x1b[31m', "quick": False, "lr": "auto"},
    ]
    assert (linear["folds"], linear["runs"]) == (None, 2)
    assert mean["trials"] == [{"trial": "", "values": {}}]


def test_tables_get_a_line_for_each_trial(project: Path) -> None:
    done = automl("expand", "--format=csv", cwd=project)
    lines = list(csv.DictReader(io.StringIO(done.out.decode(), newline="")))
    assert [line["step"] for line in lines] == ["forest"] * 5 + ["linear"] * 2 + ["mean"]
    assert lines[0] == {
        "step": "forest",
        "trial": "dc52ba9af1",
        "lr": "0.10",
        "layers": "[64, 32]",
        "tag": "",
        "quick": "",
    }
    assert lines[6]["tag"] == 'b, "c"\n\x1b[31m'


def test_it_takes_values_of_parameters(project: Path) -> None:
    done = automl("expand", "--set", "low=0.001", "--format", "json", cwd=project)
    assert json.loads(done.out)[0]["trials"][2]["values"]["lr"] == 0.001
    (project / "values.yaml").write_text("low: 0.002\n")
    done = automl("expand", "--params-file", "values.yaml", "--format", "json", cwd=project)
    assert json.loads(done.out)[0]["trials"][2]["values"]["lr"] == 0.002


def test_what_is_wrong_is_said_instead(project: Path) -> None:
    done = automl("expand", "--set", "low=0.10", cwd=project)
    assert (done.code, done.out) == (1, b"")
    assert '"0.10" stands there twice' in done.err
    (project / "config.yaml").write_text("stages: {a: [{step_name: a, image: a, sweep: {lr: 1}}]}\n")
    done = automl("expand", cwd=project)
    assert (done.code, done.out) == (1, b"")


def test_a_config_without_trials_has_none(project: Path) -> None:
    (project / "config.yaml").write_text("name: x\nstages: {a: [{step_name: a, image: a}]}\n")
    assert automl("expand", cwd=project) == Done(0, b"", "")  # a terminal gets a hint
    assert automl("expand", "--format", "json", cwd=project) == Done(0, b"[]\n", "")
    assert automl("expand", "--format", "csv", cwd=project) == Done(0, b"step,trial\n", "")


def test_wrong_usage(project: Path) -> None:
    done = automl("expand", "--format", "yaml", cwd=project)
    assert (done.code, done.err) == (2, 'automl: there is no format "yaml": it is one of text, json, csv\n')
    assert automl("expand", "missing.yaml", cwd=project).code == 2
    (project / "other").mkdir()
    assert automl("expand", "other", cwd=project).code == 2


def test_it_lists_what_no_target_can_run_yet_and_as_fast_as_it_should(project: Path) -> None:
    (project / "config.yaml").write_text(
        "limits: {max_tasks: 5000}\n"
        "stages: {a: [{step_name: a, image: a, sweep: {grid: {x: {min: 1, max: 5000, step: 1}}}}]}\n"
    )
    assert automl("expand", cwd=project).out.count(b"\n") == 5002
