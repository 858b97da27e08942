"""Thirty trials of three folds each, two of which fail in one: every engine runs them, and the same has to come of it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

AT_A_TIME = 6
CONFIG = f"""\
name: search
stages:
  train:
    - step_name: train
      path_to_executable: train.py
      args: ["--lr=${{{{ sweep.lr }}}}", "${{{{ fold.index }}}}/${{{{ fold.count }}}}"]
      outputs: {{scores: metrics, note: file}}
      sweep:
        grid: {{lr: [0.1, 0.2, 0.4], depth: {{min: 1, max: 10, step: 1}}}}
        max_parallel: {AT_A_TIME}
        max_failed: 2
        objective: {{metric: scores.auc, goal: maximize}}
      cross_validation: {{folds: 3}}
  use:
    - step_name: use
      path_to_executable: use.py
      inputs:
        lr: ${{{{ steps.train.best.params.lr }}}}
        depth: ${{{{ steps.train.best.params.depth }}}}
        scores: ${{{{ steps.train.best.outputs.scores }}}}
        all: ${{{{ collect(steps.train.outputs.scores) }}}}
        notes: ${{{{ collect(steps.train.outputs.note) }}}}
"""
TRAIN = """\
import json, os, sys, time
params = json.load(open(os.environ["AUTOML_PARAMS_FILE"]))
lr, depth, fold = params["lr"], params["depth"], params["fold_index"]
print(json.dumps([params, sys.argv[1:]]))
if depth == 10 and fold == 1 and lr > 0.1:
    sys.exit("too deep")
open(os.environ["AUTOML_OUTPUT_NOTE"], "w").write(f"{lr} {depth} {fold}")
json.dump({"auc": lr * depth + fold}, open(os.environ["AUTOML_OUTPUT_SCORES"], "w"))
"""
USE = """\
import json, os
told = {name[13:]: text for name, text in os.environ.items() if name.startswith("AUTOML_INPUT_")}
for name in {"SCORES", "ALL"} & told.keys():
    told[name] = json.loads(told[name])
if folder := told.pop("NOTES", ""):
    index = json.load(open(os.path.join(folder, "index.json")))
    told["NOTES"] = [row["path"] and open(os.path.join(folder, row["path"])).read() for row in index]
    told["ROWS"] = [[row["params"], row["fold"]] for row in index]
print(json.dumps(told))
"""
RUNS = [(lr, depth, fold) for lr in (0.1, 0.2, 0.4) for depth in range(1, 11) for fold in range(3)]


def write(folder: Path) -> Path:
    """The project, in a folder that is there."""
    for name, text in {"config.yaml": CONFIG, "train.py": TRAIN, "use.py": USE}.items():
        (folder / name).write_text(text)
    return folder


def fails(lr: float, depth: int, fold: int) -> bool:
    """Whether a run fails. One of these trials would be the best."""
    return depth == 10 and fold == 1 and lr > 0.1


def expected() -> dict[str, Any]:
    """What the step behind the trials is given, by the words of the config alone: of lr 0.4 the best depth but one."""
    return {
        "LR": "0.4",
        "DEPTH": "9",
        "SCORES": {"auc": sum(0.4 * 9 + fold for fold in range(3)) / 3},
        "ALL": [None if fails(*run) else {"auc": run[0] * run[1] + run[2]} for run in RUNS],
        "NOTES": [None if fails(*run) else " ".join(map(str, run)) for run in RUNS],
        "ROWS": [[{"lr": str(lr), "depth": str(depth)}, fold] for lr, depth, fold in RUNS],
    }


def said(lines: Iterable[str]) -> dict[str, Any]:
    """What that step has said that it was given."""
    [told] = [line for line in lines if line.startswith("{")]
    return dict(json.loads(told))


def most_at_a_time(spans: Iterable[tuple[float, float]]) -> int:
    """How many there were at once of what began and ended so; who ends makes room for who begins in the same moment."""
    events = sorted(event for begun, ended in spans for event in ((begun, 1), (ended, -1)))
    now = most = 0
    for _, change in events:
        now += change
        most = max(most, now)
    return most
