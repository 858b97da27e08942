"""The trials of a step under Argo's own controller: their programs run, and so does the one that selects.

What the controller lists of a loop are the nodes that have succeeded: processAggregateNodeOutputs in
workflow/controller/operator.go. How many pods there may be: checkParallelism there, and node_counters.go.
"""

import json
from collections import Counter
from collections.abc import Iterator

import pytest
import yaml

from automl.runtime.outputs import decode
from automl.targets.argo import trials
from tests import thirty
from tests.conformance.argo_controller import Controller
from tests.conformance.argo_executor import load_artifacts, save_artifacts, saved_parameters
from tests.conformance.argo_judge import compiled
from tests.conformance.argo_pods import without_executor
from tests.conformance.argo_runs import Ending, Run, play, template_of
from tests.conformance.corpus_pods import Folders, Pods
from tests.conformance.kfp_runs import open_folder
from tests.conformance.workflows import Object

TRAIN = """
import json, os, pathlib, sys

lr, depth = os.environ["AUTOML_PARAM_LR"], os.environ["AUTOML_PARAM_DEPTH"]
params = json.loads(pathlib.Path(os.environ["AUTOML_PARAMS_FILE"]).read_text())
assert (params["lr"], params["depth"]) == (float(lr), int(depth)), params
assert sys.argv[1:] == ["--lr", lr], sys.argv
tried = pathlib.Path(os.environ["AUTOML_OUTPUT_MODEL"]).parent / "tried"
if "AGAIN" in os.environ and not tried.exists():
    tried.touch()
    sys.exit("not at first")
if [lr, depth] in json.loads(os.environ["FAILING"]):
    sys.exit("it cannot learn so fast")
number = str(float(lr) * int(depth)) if lr not in json.loads(os.environ["SILENT"]) else "nan"
for name, text in {"AUC": number, "NOTE": f'"{lr}" $(HOME) {{{{=1+1}}}}'}.items():
    pathlib.Path(os.environ[f"AUTOML_OUTPUT_{name}"]).write_text(text)
pathlib.Path(os.environ["AUTOML_OUTPUT_MODEL"]).write_text(f"learnt by {lr} {depth}")
"""
REPORT = """
import json, os, pathlib

said = {name[13:].lower(): text for name, text in os.environ.items() if name.startswith("AUTOML_INPUT_")}
if "model" in said:
    said["model"] = pathlib.Path(said["model"]).read_text()
if "models" in said:
    index = json.loads(pathlib.Path(said["models"], "index.json").read_text())
    paths = [row["path"] for row in index]
    said["index"] = json.dumps([[*row["params"].values(), row.get("fold")] for row in index])
    files = [None if path is None else pathlib.Path(said["models"], path).read_text() for path in paths]
    said["models"] = json.dumps(files)
pathlib.Path(os.environ["AUTOML_OUTPUT_SAID"]).write_text(json.dumps(said))
"""
CONFIG = """
name: chosen
stages:
  train:
    - step_name: train
      path_to_executable: train.py
      args: [--lr, "${{ sweep.lr }}"]
      envs: {FAILING: '[]', SILENT: '[]'}
      outputs: {auc: float, note: text, model: model}
      sweep:
        grid: {lr: [0.1, 3e-1, 0.2], depth: {min: 3, max: 5, step: 2}}
        max_parallel: 2
        objective: {metric: auc, goal: maximize}
  report:
    - step_name: report
      path_to_executable: report.py
      outputs: {said: text}
      inputs:
        lr: ${{ steps.train.best.params.lr }}
        auc: ${{ steps.train.best.outputs.auc }}
        note: ${{ steps.train.best.outputs.note }}
        model: ${{ steps.train.best.outputs.model }}
        every: ${{ collect(steps.train.outputs.auc) }}
        models: ${{ collect(steps.train.outputs.model) }}
"""
TWO_FAIL = CONFIG.replace("FAILING: '[]'", """FAILING: '[["3e-1", "5"], ["0.2", "3"]]'""")
IMAGES = """
name: images
code: {image: true}
defaults: {image: busybox}
limits: {max_parallel: 2}
stages:
  train:
    - step_name: train
      entrypoint: [sh, -c, 'test "$AUTOML_PARAM_TAG" != c && echo $0 > $AUTOML_OUTPUT_SCORE']
      args: ["${{ sweep.score }}"]
      outputs: {score: int}
      sweep:
        zip: {score: [4, 9, 1], tag: [a, c, "it's <b>"]}
        max_failed: 1
        objective: {metric: score, goal: minimize}
    - step_name: other
      entrypoint: [sh, -c, 'test $0 != 2']
      args: ["${{ sweep.depth }}"]
      sweep: {grid: {depth: [1, 2, 3]}, max_failed: 1}
  report:
    - step_name: report
      entrypoint: [sh, -c, 'echo "$0" > $AUTOML_OUTPUT_SAID']
      args: ["${{ steps.train.best.params.tag }} ${{ steps.train.best.outputs.score }} ${{ collect(steps.train.outputs.score) }}"]
      outputs: {said: text}
"""
PLAIN = """
name: plain
stages:
  train:
    - step_name: train
      path_to_executable: train.py
      args: [--lr, "${{ sweep.lr }}"]
      envs: {FAILING: '[["0.2", "1"]]', SILENT: '[]'}
      outputs: {auc: float, note: text, model: model}
      sweep: {grid: {lr: [0.1, 0.2, 0.3, 0.4], depth: [1]}, max_parallel: 1}
  report: [{step_name: report, path_to_executable: report.py, outputs: {said: text}}]
"""
CONFIGS = {
    "best": CONFIG.replace("SILENT: '[]'", """SILENT: '["3e-1"]'"""),
    "folds": thirty.CONFIG,
    "one-may-fail": TWO_FAIL.replace("max_parallel: 2", "max_failed: 1"),
    "all-fail": CONFIG.replace("max_parallel: 2", "max_failed: 6").replace(
        "FAILING: '[]'", f"FAILING: '{json.dumps([[lr, d] for lr in ('0.1', '3e-1', '0.2') for d in '35'])}'"
    ),
    "no-number": CONFIG.replace("SILENT: '[]'", """SILENT: '["0.1", "3e-1", "0.2"]'"""),
    "images": IMAGES,
    "tried-again": CONFIG.replace("FAILING:", "AGAIN: 'yes', FAILING:").replace(
        "args: [--lr", "backoff_limit: 1\n      args: [--lr"
    ),
    "no-objective": PLAIN.replace('["0.2", "1"]', ""),
    "first-fails": PLAIN,
    "in-parts": PLAIN.replace('["0.2", "1"]', "").replace("max_parallel: 1", "max_parallel: 2"),
    "part-fails": PLAIN.replace("max_parallel: 1", "max_parallel: 2"),
    "parts-at-once": PLAIN.replace(", max_parallel: 1", ""),
}
IN_PARTS = ("in-parts", "part-fails", "parts-at-once")
"""Two trials are as many as one object holds."""
SECONDS = 600


class Case(Run):
    """A workflow that runs, or has run, with the most pods that there were at a time."""

    def __init__(self, argo: Controller, name: str, folders: Folders) -> None:
        super().__init__(argo.cluster, f"trials-{name}", folders.run, lambda _, pod: self.run_main(pod))
        self.keeps = None
        self.on_node = Pods(self, folders)
        self.bucket = folders.run.parent / "bucket"
        self.most: Counter[str] = Counter()

    def turn(self, workflow: Object, pods: list[Object]) -> list[Object]:
        next_ones = super().turn(workflow, pods)
        alive = [each for each in list(self.begun.values()) if each.node not in self.ended]
        steps = Counter(each.node.split(".")[1] for each in alive)
        self.most |= steps | Counter({"": len(alive)})
        return next_ones

    def run_main(self, made: Object) -> Ending:
        pod, template = without_executor(made), template_of(made)
        folders = self.on_node.folders(pod)
        load_artifacts(template, folders, self.bucket)
        ended = self.on_node.run(pod)
        outputs, error = saved_parameters(template, folders)
        error = error or save_artifacts(template, folders, self.bucket)
        return Ending(ended.exit_code, outputs, "\n".join(ended.lines)[-2048:], error)

    def count(self, step: str) -> Counter[str]:
        """How many pods of a step have begun, by the names of their tasks."""
        words = [node.split(".") for node in self.nodes()]
        return Counter(one[1].partition("(")[0] for one in words if one[0] == step and len(one) > 1)

    def said(self) -> str:
        """What the last step has left."""
        nodes = self.workflow()["status"]["nodes"].values()
        [node] = [each for each in nodes if each["displayName"] == "report"]
        [said] = [each["value"] for each in node["outputs"]["parameters"] if each["name"] == "said"]
        return decode(said)


@pytest.fixture(scope="module")
def cases(argo: Controller) -> Iterator[dict[str, Case]]:
    """All workflows, which have run side by side."""
    with open_folder() as root:
        found = {name: started(argo, name, Folders(root, name)) for name in CONFIGS}
        play(argo, list(found.values()), SECONDS)
        yield found


def started(argo: Controller, name: str, folders: Folders) -> Case:
    folders.project.mkdir()
    if name == "folds":
        thirty.write(folders.project)
    else:
        for file, text in {"train.py": TRAIN, "report.py": REPORT}.items():
            (folders.project / file).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        if name in IN_PARTS:
            patch.setattr(trials, "MAX_PART_BYTES", 120)
        text = compiled(CONFIGS[name], folders.project)
    assert ("train-2" in text) == (name in IN_PARTS)
    case = Case(argo, name, folders)
    case.submit(yaml.load_all(text, yaml.CSafeLoader))
    return case


@pytest.mark.parametrize("name", ["best", "folds", "images", "in-parts", "no-objective", "tried-again"])
def test_trials_run_to_their_end(name: str, cases: dict[str, Case]) -> None:
    assert cases[name].verdict() == "Succeeded", cases[name].verdict()


def test_the_best_and_all_of_them_arrive(cases: dict[str, Case]) -> None:
    """Those of 0.3 have left no number; a text arrives that Argo and Kubernetes would change."""
    said = json.loads(cases["best"].said())
    assert said.pop("note") == '"0.2" $(HOME) {{=1+1}}'
    assert (said["lr"], said["auc"], said["model"]) == ("0.2", "1.0", "learnt by 0.2 5")
    assert json.loads(said["every"]) == [0.1 * 3, 0.5, None, None, 0.2 * 3, 1.0]
    pairs = [(lr, depth) for lr in ("0.1", "3e-1", "0.2") for depth in ("3", "5")]
    assert json.loads(said["models"]) == [f"learnt by {lr} {depth}" for lr, depth in pairs]
    assert json.loads(said["index"]) == [[lr, depth, None] for lr, depth in pairs]


def test_a_run_that_was_tried_again_is_one(cases: dict[str, Case]) -> None:
    case = cases["tried-again"]
    said = json.loads(case.said())
    assert json.loads(said["every"]) == [float(lr) * n for lr in ("0.1", "3e-1", "0.2") for n in (3, 5)]
    assert said["model"] == "learnt by 3e-1 5"
    assert case.count("train") == {"trial": 12, "select": 1}


def test_folds_are_judged_together(cases: dict[str, Case]) -> None:
    """The two trials of which a fold has failed would have been the best, and the third."""
    case = cases["folds"]
    [use] = [each.pod for each in case.begun.values() if each.node.endswith(".use")]
    assert thirty.said(case.on_node.seen(use, frozenset()).lines) == thirty.expected()
    assert case.count("train") == {"trial": len(thirty.RUNS), "select": 1}


def test_values_of_images_arrive_as_they_are(cases: dict[str, Case]) -> None:
    assert cases["images"].said() == "it's <b> 1 [4, null, 1]"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("one-may-fail", "automl: 2 of 6 trials have failed, and 1 may: 86a90ab1fc, 16eb1ea608"),
        ("all-fail", "automl: no trial has succeeded with a number for auc, so none is the best"),
        ("no-number", "automl: no trial has succeeded with a number for auc, so none is the best"),
        ("first-fails", "it cannot learn so fast"),
        ("part-fails", "it cannot learn so fast"),
    ],
)
def test_a_run_fails_and_ends(name: str, why: str, cases: dict[str, Case]) -> None:
    case = cases[name]
    assert case.verdict().startswith("Failed: "), case.verdict()
    assert why in case.verdict()
    assert not any(node.startswith("report") for node in case.nodes())
    assert case.count("train")["select"] == (name not in ("first-fails", "part-fails"))


def test_trials_in_parts_are_run_once_each(cases: dict[str, Case]) -> None:
    """Of parts one behind the other, none begins after one that has failed."""
    both = {"train-1": 2, "train-2": 2}
    expected = {"in-parts": both, "part-fails": {"train-1": 2}, "parts-at-once": both}
    for name in IN_PARTS:
        assert Counter(node.split(".")[1] for node in cases[name].nodes() if "." in node) == expected[name]


def test_no_more_run_at_a_time_than_may(cases: dict[str, Case]) -> None:
    """And as many do: without a limit there would be six."""
    assert {name: case.most["train"] for name, case in cases.items()} == {
        "best": 2,
        "folds": thirty.AT_A_TIME,
        "one-may-fail": 6,
        "all-fail": 6,
        "no-number": 2,
        "images": cases["images"].most["train"],
        "no-objective": 1,
        "first-fails": 1,
        "in-parts": 2,
        "part-fails": 2,
        "parts-at-once": 4,
        "tried-again": 2,
    }
    assert cases["images"].most[""] == 2


def test_pods_say_which_trial_they_are(cases: dict[str, Case]) -> None:
    labels = [each.pod["metadata"]["labels"] for each in cases["folds"].begun.values()]
    of_trials = Counter(one.get("automl.dev/trial") for one in labels if "automl.dev/fold" in one)
    assert set(of_trials.values()) == {3}
    assert len(of_trials) == 30
    assert Counter(one.get("automl.dev/fold") for one in labels) == {"0": 30, "1": 30, "2": 30, None: 2}
