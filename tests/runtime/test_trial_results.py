"""What a run of a trial hands on, and the program that judges all of them in Kubeflow: one text, in a process."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from automl.runtime import selecting_script
from automl.runtime.outputs import decode
from automl.runtime.trial_results import Left, left_in, result_of
from tests.runtime.test_outputs import NASTY

Done = subprocess.CompletedProcess[str]
PLAN: Mapping[str, Any] = {
    "trials": {
        "axes": {"lr": "AUTOML_PARAM_LR"},
        "table": [["a", "0.1"], ["b", "0.2"], ["c", "0.3"]],
        "max_failed": 1,
        "objective": {"output": "auc", "metric": "", "maximize": True},
    },
    "types": {"auc": "float", "note": "text", "model": "file"},
}


def selected(results: Sequence[str], words: Sequence[str], plan: Mapping[str, Any] = PLAN) -> Done:
    command = [sys.executable, "-I", "-c", selecting_script(), json.dumps(plan), json.dumps(results), *words]
    return subprocess.run(command, capture_output=True, check=False, text=True)


@pytest.mark.parametrize("text", NASTY)
def test_a_result_has_nothing_that_an_engine_reads(text: str) -> None:
    result = result_of("a", Left({"note": text}, {"model": "/minio/m"}))
    assert not set(result) & set("{}$\"'\\\n`")
    assert left_in([result, result_of("b", None)]) == {"a": Left({"note": text}, {"model": "/minio/m"})}


def test_the_order_of_results_is_no_matter(tmp_path: Path) -> None:
    results = [result_of("c", Left({"auc": "1"})), result_of("a", Left({"auc": "3"})), result_of("b", None)]
    words = [word for name in ("param:lr", "best:auc", "all:auc") for word in (name, str(tmp_path / name))]
    done = selected(results, words)
    assert done.returncode == 0, done.stderr
    assert "1 of 3 runs have failed: b" in done.stdout
    texts = {path.name: decode(path.read_text()) for path in tmp_path.iterdir()}
    assert texts == {"param:lr": "0.1", "best:auc": "3", "all:auc": "[3.0, null, 1.0]"}


@pytest.mark.parametrize(
    ("left", "says"),
    [
        ({"a": "1"}, "2 of 3 trials have failed, and 1 may: b, c"),
        ({"a": "nan", "b": "inf", "c": "nan"}, "no trial has succeeded with a number for auc"),
        ({}, "3 of 3 trials have failed, and 1 may: a, b, c"),
    ],
)
def test_what_cannot_be_judged_fails_and_nothing_is_written(
    left: Mapping[str, str], says: str, tmp_path: Path
) -> None:
    results = [result_of(name, Left({"auc": auc})) for name, auc in left.items()]
    done = selected(results, ["all:auc", str(tmp_path / "all")])
    assert done.returncode == 1
    assert says in done.stderr
    assert not [*tmp_path.iterdir()]


def test_an_image_gets_a_value_as_it_is_or_not_at_all(tmp_path: Path) -> None:
    results = [result_of(name, Left({"auc": "1", "note": "it's"})) for name in "abc"]
    assert selected(results, ["best:note:plain", str(tmp_path / "note")]).returncode == 0
    assert (tmp_path / "note").read_text() == "it's"
    results = [result_of(name, Left({"auc": "1", "note": "$(A)"})) for name in "abc"]
    done = selected(results, ["best:note:plain", str(tmp_path / "other")])
    assert done.returncode == 1
    assert "would not get '$(A)' as it is" in done.stderr


def test_files_are_copied_with_an_index(tmp_path: Path) -> None:
    for name in "ac":
        (tmp_path / name).mkdir()
        (tmp_path / name / "m.txt").write_text(name)
    results = [
        result_of(name, Left({"auc": auc}, {"model": str(tmp_path / name)}))
        for name, auc in {"a": "1", "c": "2"}.items()
    ]
    best, all_of_them = tmp_path / "out" / "best", tmp_path / "out" / "all"
    done = selected(results, ["best:model", str(best), "all:model", str(all_of_them)])
    assert done.returncode == 0, done.stderr
    assert (best / "m.txt").read_text() == "c"
    rows = json.loads((all_of_them / "index.json").read_text())
    assert [(row["trial"], row["params"], row["path"]) for row in rows] == [
        ("a", {"lr": "0.1"}, "a"),
        ("b", {"lr": "0.2"}, None),
        ("c", {"lr": "0.3"}, "c"),
    ]
    assert (all_of_them / "a" / "m.txt").read_text() == "a"
