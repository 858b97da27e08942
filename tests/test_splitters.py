"""Folds as scikit-learn splits them: as many, and each run gets the rows of its own."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.running import Project

pytestmark = pytest.mark.slow

ROWS, LABELS, GROUPS = [[row] for row in range(12)], [0, 1, 1] * 4, [0, 1, 2, 3] * 3
STEP = "    - {{step_name: {0}, path_to_executable: fold.py, args: [{0}], cross_validation: {{{1}}}}}\n"
PROGRAM = """\
import json, os, sys
index, count = (int(os.environ["AUTOML_PARAM_FOLD_" + name]) for name in ("INDEX", "COUNT"))
told = {"step": sys.argv[1], "index": index, "count": count}
if "AUTOML_INPUT_INDICES" in os.environ:
    told.update(json.load(open(os.environ["AUTOML_INPUT_INDICES"]))["folds"][index])
with open(os.environ["TRACE"], "a") as trace:
    trace.write(json.dumps(told) + "\\n")
"""


def splits() -> dict[str, tuple[int, list[dict[str, list[int]]]]]:
    """For each splitter how many folds it says that it makes, and those that it makes."""
    from sklearn import model_selection as of  # type: ignore[import-untyped]  # it takes seconds

    splitters = {
        "k": of.KFold(5),
        "shuffled": of.KFold(3, shuffle=True, random_state=7),
        "stratified": of.StratifiedKFold(4),
        "repeated": of.RepeatedStratifiedKFold(n_splits=2, n_repeats=2, random_state=0),
        "of-groups": of.GroupKFold(2),
        "one-of-groups": of.LeaveOneGroupOut(),
        "one": of.LeaveOneOut(),
        "drawn": of.ShuffleSplit(3, test_size=2, train_size=3, random_state=1),
        "time": of.TimeSeriesSplit(3),
        "predefined": of.PredefinedSplit([0, 1, -1, 0, 1, -1, 2, 2, 2, -1, -1, 0]),
    }
    found = {}
    for name, splitter in splitters.items():
        data = (ROWS, LABELS, GROUPS if "groups" in name else None)
        folds = [{"train": train.tolist(), "test": test.tolist()} for train, test in splitter.split(*data)]
        found[name] = (splitter.get_n_splits(*data), folds)
    return found


def test_each_run_gets_the_rows_of_its_fold(tmp_path: Path) -> None:
    project, made, steps = Project(tmp_path), splits(), []
    (project.folder / "fold.py").write_text(PROGRAM)
    for name, (count, folds) in made.items():
        assert len(folds) == count
        (project.folder / f"{name}.json").write_text(json.dumps({"folds": folds}))
        steps.append(STEP.format(name, f"indices: {name}.json"))
    steps.append(STEP.format("counted", "folds: 5"))
    (project.folder / "automl.yaml").write_text(f"name: folds\nstages:\n  all:\n{''.join(steps)}")
    done = project.automl("run", "-q")
    assert done.code == 0, done.err
    told: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(map(json.loads, project.done()), key=lambda row: int(row["index"])):
        told.setdefault(row.pop("step"), []).append(row)
    assert told.pop("counted") == [{"index": index, "count": 5} for index in range(5)]
    assert told == {
        name: [{"index": index, "count": count, **fold} for index, fold in enumerate(folds)]
        for name, (count, folds) in made.items()
    }
