"""`gather.py` by itself: the folder of what the trials of a step have left."""

import json
import subprocess
import sys
from pathlib import Path

from automl.runtime import gathering_scripts
from automl.runtime.trials import Trials
from tests.runtime.imports import needed_by

TRIALS = Trials({"lr": "AUTOML_PARAM_LR"}, [["aa", "0.1"], ["bb", "$(A)"]], folds=2, max_failed=1)
JOBS = ["w-train-1", "w-train-2", "w-train-3", None]


def gathered(folder: Path) -> subprocess.CompletedProcess[str]:
    """The program as a pod has it. A trial has failed in a fold."""
    for name, text in gathering_scripts().items():
        (folder / name).write_text(text)
    told = {"FILES": TRIALS.files(str(folder / "runs"), "model", JOBS)}
    program = [sys.executable, "-I", str(folder / "gather.py"), f"{folder / 'all'}=FILES"]
    return subprocess.run(program, env=told, capture_output=True, text=True, check=False)


def leave(folder: Path, *jobs: str) -> None:
    for job in jobs:
        (folder / "runs" / job).mkdir(parents=True)
        (folder / "runs" / job / "model").write_text(f"of {job}")


def test_files_of_all_are_links_by_the_names_of_their_runs(tmp_path: Path) -> None:
    """A container that is started again finds what it has made."""
    leave(tmp_path, *filter(None, JOBS))
    for _ in range(2):
        ended = gathered(tmp_path)
        assert (ended.returncode, ended.stderr) == (0, "")
    folder = tmp_path / "all"
    rows = json.loads((folder / "index.json").read_text())
    assert rows[2:] == [
        {"trial": "bb", "params": {"lr": "$(A)"}, "fold": 0, "path": "bb-0"},
        {"trial": "bb", "params": {"lr": "$(A)"}, "fold": 1, "path": None},
    ]
    assert [(folder / row["path"]).read_text() for row in rows[:3]] == [f"of {job}" for job in JOBS[:3]]
    assert not (folder / "bb-1").exists()


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    leave(tmp_path, "w-train-1", "w-train-3")
    ended = gathered(tmp_path)
    place = tmp_path / "runs" / "w-train-2" / "model"
    why = f"automl: {place} is gone; delete the Job w-train-2, so that it runs again\n"
    assert (ended.returncode, ended.stderr) == (1, why)


def test_it_is_there_with_all_that_it_imports() -> None:
    """As the oldest Python reads it."""
    needed = needed_by("gather", Path(__file__).parents[2])
    assert {f"{name}.py" for name in needed} == gathering_scripts().keys()
