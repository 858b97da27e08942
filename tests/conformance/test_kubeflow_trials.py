"""Trials in a loop of Kubeflow, run by kfp.local: the winner, what is collected, who failed, and how many ran at a time.

kfp.local runs as many of a loop at a time as its `parallelismLimit` says, but never more than two (`conservative_max` of
ParallelExecutor in kfp/local/orchestrator/enhanced_dag_orchestrator.py, kfp 2.17). So one at a time is held here against two.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from automl.runtime.selection import Objective, Trial, best, collected
from tests import thirty
from tests.conformance.kfp_runs import (
    Job,
    Run,
    Start,
    compiled,
    documents,
    make_image,
    open_folder,
    run,
    write_package,
)
from tests.conformance.kfp_versions import RELEASES, strange_fields
from tests.conformance.kubeflow_judge import judge_kubeflow

TRAIN = """\
import json, os, sys, time
params = json.load(open(os.environ["AUTOML_PARAMS_FILE"]))
print(json.dumps([params, sys.argv[1:]]))
time.sleep(0.1)
if [params["lr"], params["depth"]] in json.loads(os.environ["FAIL"]):
    sys.exit("I fail")
score = params["depth"] - params["lr"] + params["fold_index"] / 10
for name, text in {"auc": score, "scores": json.dumps({"f1": -score, "n": 1})}.items():
    open(os.environ["AUTOML_OUTPUT_" + name.upper()], "w").write(str(text))
"""
REPORT = """\
import json, os
print(json.dumps({name[13:].lower(): value for name, value in os.environ.items() if "AUTOML_INPUT_" in name}))
"""
LRS, DEPTHS, FOLDS = (0.3, 0.2), (3, 5, 7, 9, 8), 3
FAILING = [[0.01, 9], [0.3, 9]]


def config(failing: list[list[float]], sweep: str, lrs: tuple[float, ...] = LRS) -> str:
    return f"""\
name: w
stages:
  train:
    - step_name: train
      path_to_executable: train.py
      args: ["--lr=${{{{ sweep.lr }}}}", "${{{{ fold.index }}}}/${{{{ fold.count }}}}"]
      envs: {{FAIL: '{json.dumps(failing)}'}}
      outputs: {{auc: float, scores: metrics}}
      cross_validation: {{folds: {FOLDS}}}
      sweep: {{grid: {{lr: {json.dumps(lrs)}, depth: {json.dumps(DEPTHS)}}}, {sweep}}}
  report:
    - step_name: report
      path_to_executable: report.py
      inputs:
        lr: ${{{{ steps.train.best.params.lr }}}}
        depth: ${{{{ steps.train.best.params.depth }}}}
        auc: ${{{{ steps.train.best.outputs.auc }}}}
        all: ${{{{ collect(steps.train.outputs.auc) }}}}
"""


LEAVING = """\
import json, os, pathlib, sys
params = json.load(open(os.environ["AUTOML_PARAMS_FILE"]))
if params["lr"] == 3:
    sys.exit("I fail")
pathlib.Path("out/model").write_text(f"model of {params['lr']}")
plots = pathlib.Path(os.environ["AUTOML_OUTPUT_PLOTS"])
plots.mkdir()
(plots / "plot.txt").write_text(f"plot of {params['lr']}")
pathlib.Path(os.environ["AUTOML_OUTPUT_AUC"]).write_text(str(params["lr"]))
"""
TAKING = """\
import json, os, pathlib
plots = pathlib.Path(os.environ["AUTOML_INPUT_PLOTS"])
rows = json.loads((plots / "index.json").read_text())
read = [row["path"] and (plots / row["path"] / "plot.txt").read_text() for row in rows]
model = pathlib.Path(os.environ["AUTOML_INPUT_MODEL"]).read_text()
print(json.dumps([model, [[row["params"], text] for row, text in zip(rows, read)]]))
"""
FILES = """\
name: files
stages:
  train:
    - step_name: train
      path_to_executable: leaving.py
      outputs: {auc: float, model: {type: model, path: out/model}, plots: file}
      sweep: {grid: {lr: [1, 3, 2]}, max_failed: 1, objective: {metric: auc, goal: maximize}}
  report:
    - step_name: report
      path_to_executable: taking.py
      inputs: {model: "${{ steps.train.best.outputs.model }}", plots: "${{ collect(steps.train.outputs.plots) }}"}
"""
IMAGES = """\
name: images
code: {image: true}
stages:
  train:
    - step_name: train
      image: python
      entrypoint: [sh, -c, 'echo $0; echo "$AUTOML_PARAM_LR.$AUTOML_PARAM_FOLD_INDEX" > $AUTOML_OUTPUT_AUC']
      args: ["${{ sweep.lr }}, ${{ fold.index }} of ${{ fold.count }}"]
      outputs: {auc: float}
      cross_validation: {folds: 2}
      sweep: {grid: {lr: [1, 2]}, objective: {metric: auc, goal: minimize}}
  report:
    - step_name: report
      image: python
      entrypoint: [sh, -c, 'echo "$0 $AUTOML_INPUT_ALL"']
      args: ["${{ steps.train.best.params.lr }} ${{ steps.train.best.outputs.auc }}"]
      inputs: {all: "${{ collect(steps.train.outputs.auc) }}"}
"""
BY_AUC = "objective: {metric: auc, goal: maximize}"
CONFIGS = {
    "thirty": thirty.CONFIG,
    "two fail": config(FAILING, f"{BY_AUC}, max_failed: 1", (0.3, 0.01)),
    "one at a time": config([], f"{BY_AUC}, max_parallel: 1", (0.3, 0.2)),
    "one may not fail": config(FAILING[1:], BY_AUC, (0.3,)),
    "by metrics": config([], "objective: {metric: scores.f1, goal: maximize}", (0.3, 0.2)),
    "no number": config([], "objective: {metric: scores.other, goal: maximize}", (0.3,)),
    "files": FILES,
    "images": IMAGES,
    "all fail": config([[0.3, depth] for depth in DEPTHS], f"{BY_AUC}, max_failed: 5", (0.3,)),
}


def project(text: str, folder: Path) -> Path:
    folder.mkdir(parents=True)
    if text == thirty.CONFIG:
        return thirty.write(folder)
    scripts = {"train.py": TRAIN, "report.py": REPORT, "leaving.py": LEAVING, "taking.py": TAKING}
    for name, content in {"config.yaml": text, **scripts}.items():
        (folder / name).write_text(content)
    return folder


@pytest.fixture(scope="module")
def runs() -> Iterator[dict[str, Run]]:
    """How the packages ran."""
    with open_folder() as folder:
        image = make_image(folder / "image")
        places = {name: folder / name.replace(" ", "-") for name in CONFIGS}
        jobs = [
            Job(write_package(project(text, folder / f"p{number}"), places[name]), places[name], image)
            for number, (name, text) in enumerate(CONFIGS.items())
        ]
        yield dict(zip(CONFIGS, run(jobs), strict=True))


def trials_of(starts: list[Start]) -> list[Start]:
    return [start for start in starts if start.task == "train-trial"]


def most_at_a_time(starts: list[Start]) -> int:
    return thirty.most_at_a_time((start.start, start.end) for start in starts)


def expected(lrs: tuple[float, ...], failing: list[list[float]], objective: Objective) -> dict[str, Any]:
    """What the one module that decides says of the same trials."""
    trials = []
    for lr in lrs:
        for depth in DEPTHS:
            scores = [depth - lr + fold / 10 for fold in range(FOLDS)]
            left = [{"auc": str(one), "scores": json.dumps({"f1": -one, "n": 1})} for one in scores]
            failed = [lr, depth] in failing
            trials.append(Trial("", {"lr": str(lr), "depth": str(depth)}, [None] * FOLDS if failed else left))
    winner = best(trials, objective)
    return {
        **winner.params,
        "auc": winner.output("auc", "float"),
        "all": collected(trials, "auc", "float"),
    }


@pytest.mark.parametrize(
    ("name", "lrs", "failing", "objective"),
    [
        ("one at a time", (0.3, 0.2), [], Objective("auc")),
        ("by metrics", (0.3, 0.2), [], Objective("scores", "f1")),
    ],
)
def test_the_best_and_all_of_them_reach_who_takes_them(
    name: str, lrs: tuple[float, ...], failing: list[list[float]], objective: Objective, runs: dict[str, Run]
) -> None:
    assert runs[name].error == "", runs[name].starts[-1].errors
    assert json.loads(runs[name].of("report").output) == expected(lrs, failing, objective)


def test_the_best_of_thirty_and_all_of_them_arrive(runs: dict[str, Run]) -> None:
    assert runs["thirty"].error == "", runs["thirty"].starts[-1].errors
    assert thirty.said(runs["thirty"].of("use").output.splitlines()) == thirty.expected()


def test_each_run_has_its_values_in_every_way(runs: dict[str, Run]) -> None:
    starts = trials_of(runs["thirty"].starts)
    seen = [json.loads(start.output.splitlines()[0]) for start in starts]
    wanted = [
        [
            {"lr": lr, "depth": depth, "fold_index": fold, "fold_count": 3},
            [f"--lr={lr}", f"{fold}/3"],
        ]
        for lr, depth, fold in thirty.RUNS
    ]
    assert sorted(map(json.dumps, seen)) == sorted(map(json.dumps, wanted))


def test_a_run_that_may_fail_ends_well_and_says_that_it_has_failed(runs: dict[str, Run]) -> None:
    starts = trials_of(runs["thirty"].starts)
    assert {start.status for start in starts} == {0}
    failed = [start for start in starts if "this run has failed, and the others go on" in start.errors]
    assert len(failed) == 2
    assert all("too deep" in start.errors for start in failed)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("two fail", "2 of 10 trials have failed, and 1 may: "),
        ("no number", "no trial has succeeded with a number for scores.other, so none is the best"),
        ("all fail", "no trial has succeeded with a number for auc, so none is the best"),
    ],
)
def test_a_selection_that_cannot_be_made_fails_the_run(name: str, says: str, runs: dict[str, Run]) -> None:
    assert runs[name].error
    last = runs[name].starts[-1]
    assert (last.task, last.status) == ("train-selection", 1)
    assert says in last.errors


def test_without_leave_one_that_fails_fails_all(runs: dict[str, Run]) -> None:
    found = runs["one may not fail"]
    assert found.error
    assert 1 in {start.status for start in trials_of(found.starts)}
    assert not [start for start in found.starts if start.task in ("train-selection", "report")]


def test_files_of_the_best_and_of_all_reach_who_takes_them(runs: dict[str, Run]) -> None:
    assert runs["files"].error == "", runs["files"].starts[-1].errors
    assert json.loads(runs["files"].of("report").output) == [
        "model of 2",
        [[{"lr": "1"}, "plot of 1"], [{"lr": "3"}, None], [{"lr": "2"}, "plot of 2"]],
    ]


def test_images_have_their_values_and_hand_on_what_they_are_judged_by(runs: dict[str, Run]) -> None:
    assert runs["images"].error == "", runs["images"].starts[-1].errors
    outputs = sorted(start.output for start in trials_of(runs["images"].starts))
    assert outputs == ["1, 0 of 2\n", "1, 1 of 2\n", "2, 0 of 2\n", "2, 1 of 2\n"]
    assert runs["images"].of("report").output == "1 1.05 [1.0, 1.1, 2.0, 2.1]\n"


def test_no_more_run_at_a_time_than_may(runs: dict[str, Run]) -> None:
    assert most_at_a_time(trials_of(runs["one at a time"].starts)) == 1
    assert most_at_a_time(trials_of(runs["thirty"].starts)) == 2 < thirty.AT_A_TIME


def test_every_version_knows_loops_and_the_backend_compiles_them(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.yaml" for number, _ in enumerate(CONFIGS)]
    for number, (path, text) in enumerate(zip(paths, CONFIGS.values(), strict=True)):
        path.write_text(compiled(project(text, tmp_path / f"p{number}")))
    assert [error for errors in judge_kubeflow(paths).values() for error in errors] == []
    packages = [documents(path.read_text()) for path in paths]
    for version in RELEASES:
        assert strange_fields(version, packages) == [[] for _ in packages]


def test_the_list_of_a_loop_is_one_text_with_nothing_to_expand(tmp_path: Path) -> None:
    text = compiled(project(config([], BY_AUC), tmp_path / "p"))
    [raw] = re.findall(r"raw: (.*)", text)
    assert "$" not in raw
    assert "{{" not in raw
