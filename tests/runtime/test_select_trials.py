"""`select_trials.py` by itself: what it makes of the runs of a step, and of what is asked of them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from automl.runtime import selecting_scripts
from automl.runtime.outputs import decode, encode
from tests.runtime.imports import needed_by

TRIALS: dict[str, Any] = {
    "axes": {"lr": "AUTOML_PARAM_LR"},
    "table": [["aa", "0.1"], ["bb", "$(A)"]],
    "folds": 2,
    "max_failed": 1,
    "objective": {"output": "auc", "metric": "", "maximize": True},
}
VALUES = {"param-lr": {"param": "lr"}, "best-auc": {"best": "auc"}, "all-auc": {"all": "auc"}}
RUNS = {"aa-0": "0.5", "aa-1": "0.7", "bb-0": "0.9", "bb-1": "0.95"}


class Program:
    """The program as a pod has it, with its table."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.folder, self.runs = folder, folder / "runs"
        for name, text in selecting_scripts().items():
            (folder / name).write_text(text)
        told = {"trials": TRIALS, "types": {"auc": "float"}, "values": VALUES, "plain": [], "gathered": []}
        (folder / "trials.json").write_text(json.dumps(told | more))
        (folder / "out").mkdir()

    def run(self, left: dict[str, str]) -> subprocess.CompletedProcess[str]:
        results = json.dumps([{"_run": run, "auc": encode(value)} for run, value in left.items()])
        return self.run_with(results)

    def run_with(self, results: str) -> subprocess.CompletedProcess[str]:
        words = [self.folder / "trials.json", self.folder / "out", self.runs, results]
        program = [sys.executable, "-I", str(self.folder / "select_trials.py"), *map(str, words)]
        return subprocess.run(program, capture_output=True, text=True, check=False)

    def written(self) -> dict[str, str]:
        return {file.name: file.read_text() for file in (self.folder / "out").iterdir()}


def test_what_is_asked_for_is_written_in_the_code_of_values(tmp_path: Path) -> None:
    """The order of the results is the engine's; that of the list is the table's."""
    program = Program(tmp_path)
    ended = program.run(dict(reversed(RUNS.items())))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert {name: decode(text) for name, text in program.written().items()} == {
        "param-lr": "$(A)",
        "best-auc": "0.925",
        "all-auc": "[0.5, 0.7, 0.9, 0.95]",
    }
    assert program.written()["param-lr"] == "%24(A)"
    assert ended.stdout.splitlines()[0] == "best: bb"


def test_what_an_image_takes_is_written_plain_or_not_at_all(tmp_path: Path) -> None:
    program = Program(tmp_path, plain=["param-lr", "best-auc"])
    ended = program.run(RUNS)
    assert ended.returncode == 1
    assert ended.stderr.startswith("automl: the output 'param-lr' goes to a step whose code is in its image")
    assert program.written() == {}
    assert program.run({**RUNS, "bb-0": "0", "bb-1": "0"}).returncode == 0
    assert program.written()["param-lr"] == "0.1"


def test_a_run_that_is_not_among_the_results_has_failed(tmp_path: Path) -> None:
    program = Program(tmp_path)
    left = {name: value for name, value in RUNS.items() if name != "bb-1"}
    assert program.run(left).returncode == 0
    assert decode(program.written()["param-lr"]) == "0.1"
    assert decode(program.written()["all-auc"]) == "[0.5, 0.7, 0.9, null]"
    ended = program.run({"aa-0": "0.5"})
    assert ended.returncode == 1
    assert ended.stderr == "automl: 2 of 2 trials have failed, and 1 may: aa, bb\n"


def test_a_list_that_no_program_could_be_given_is_refused(tmp_path: Path) -> None:
    trials = {**TRIALS, "objective": None, "folds": None, "table": [[f"t{n}", "1"] for n in range(50)]}
    asked = {"values": {"all-auc": {"all": "auc"}}, "types": {"auc": "text"}}
    program = Program(tmp_path, trials=trials, **asked)
    assert program.run({f"t{n}": "a" * 1900 for n in range(50)}).returncode == 0
    ended = program.run({f"t{n}": "a" * 2000 for n in range(50)})
    assert ended.stderr == (
        "automl: 'all-auc' takes 100,400 bytes, and no more than 98,304 arrive; collect files\n"
    )


def test_results_that_are_too_long_for_a_word_are_in_a_file(tmp_path: Path) -> None:
    """The executor of Argo puts them there: cmd/argoexec/commands/emissary.go, since 3.7."""
    (tmp_path / "long.txt").write_text(
        json.dumps([{"_run": run, "auc": value} for run, value in RUNS.items()])
    )
    program = Program(tmp_path)
    assert program.run_with(f"@{tmp_path / 'long.txt'}").returncode == 0
    assert decode(program.written()["param-lr"]) == "$(A)"


@pytest.mark.parametrize("times", [1, 2])
def test_files_of_all_are_links_by_the_names_of_their_runs(tmp_path: Path, times: int) -> None:
    """A second try finds what the first has left."""
    program = Program(tmp_path, gathered=["model"], values={})
    for run in RUNS:
        (program.runs / run).mkdir(parents=True)
        (program.runs / run / "model").write_text(f"of {run}")
    for _ in range(times):
        assert program.run({name: value for name, value in RUNS.items() if name != "bb-1"}).returncode == 0
    folder = program.runs / "all" / "model"
    rows = json.loads((folder / "index.json").read_text())
    assert rows[2:] == [
        {"trial": "bb", "params": {"lr": "$(A)"}, "fold": 0, "path": "bb-0"},
        {"trial": "bb", "params": {"lr": "$(A)"}, "fold": 1, "path": None},
    ]
    assert [(folder / row["path"]).read_text() for row in rows[:3]] == ["of aa-0", "of aa-1", "of bb-0"]
    assert not (folder / "bb-1").exists()


def test_it_is_there_with_all_that_it_imports() -> None:
    """As the oldest Python reads it."""
    needed = needed_by("select_trials", Path(__file__).parents[2])
    assert {f"{name}.py" for name in needed} == selecting_scripts().keys()
