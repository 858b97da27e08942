"""A run of a trial whose engine fails as a whole: how often it is tried, and what its result says."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from automl.runtime import start_scripts
from automl.runtime.trial_results import Left, left_in

Done = subprocess.CompletedProcess[str]


def started(
    folder: Path, command: str, *options: str, scores: str = "float"
) -> tuple[Done, Mapping[str, Left]]:
    """The start script has ended, and what its result says."""
    for name, text in start_scripts(for_results=True).items():
        (folder / name).write_text(text)
    result = folder / "out" / "result"
    words = ["--output", f"auc:{scores}", "--output", "model:file", "--to", f"model={folder}/out/model"]
    words += ["--judged", "auc", "--judged", "model", "--result", str(result), "--trial", "a", *options]
    env = {"AUTOML_WORK": str(folder / "work"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, str(folder / "start.py"), *words, "--", "sh", "-c", command],
        capture_output=True, check=False, text=True, env=env,
    )  # fmt: skip
    return done, left_in([result.read_text()]) if result.exists() else {"none": Left({})}


GOOD = "echo 1 > $AUTOML_OUTPUT_AUC; echo m > $AUTOML_OUTPUT_MODEL"


def test_what_is_asked_for_is_in_the_result(tmp_path: Path) -> None:
    done, left = started(tmp_path, GOOD)
    assert done.returncode == 0, done.stderr
    assert left == {"a": Left({"auc": "1"}, {"model": f"{tmp_path}/out/model"})}
    assert (tmp_path / "out" / "model").read_text() == "m\n"


def test_a_run_that_may_not_fail_fails(tmp_path: Path) -> None:
    done, left = started(tmp_path, "exit 3")
    assert (done.returncode, left) == (3, {"none": Left({})})
    done, left = started(tmp_path, "echo no > $AUTOML_OUTPUT_AUC; touch $AUTOML_OUTPUT_MODEL")
    assert (done.returncode, left) == (1, {"none": Left({})})


def test_a_run_that_may_fail_is_tried_so_often_and_ends_well(tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    done, left = started(tmp_path, f"echo x >> {tries}; exit 3", "--tolerate", "3")
    assert (done.returncode, left) == (0, {})
    assert tries.read_text() == "x\nx\nx\n"
    assert done.stderr.splitlines() == [
        "automl: the command has ended with 3; 2 more to go",
        "automl: the command has ended with 3; 1 more to go",
        "automl: the command has ended with 3; this run has failed, and the others go on",
    ]
    assert (
        tmp_path / "out" / "model"
    ).read_text() == ""  # which Kubeflow brings to who chooses, as all others


def test_a_later_try_makes_it_good(tmp_path: Path) -> None:
    done, left = started(tmp_path, f"test -e {tmp_path}/once || {{ touch {tmp_path}/once; exit 1; }}; {GOOD}", "--tolerate", "2")  # fmt: skip
    assert (done.returncode, left["a"].values) == (0, {"auc": "1"})


def test_a_value_that_is_none_is_a_failure_too(tmp_path: Path) -> None:
    done, left = started(
        tmp_path, "echo no > $AUTOML_OUTPUT_AUC; touch $AUTOML_OUTPUT_MODEL", "--tolerate", "1"
    )
    assert (done.returncode, left) == (0, {})
    assert "the output 'auc' is not a number: 'no'" in done.stderr


def test_who_stops_a_run_asks_for_no_other_try(tmp_path: Path) -> None:
    done, left = started(tmp_path, "kill $$", "--tolerate", "5")
    assert (done.returncode, left) == (143, {"none": Left({})})
    assert done.stderr == ""
