"""Trials that an earlier run has run the same, and that a new run takes over from it."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from automl.runtime.local.history import history_of
from automl.runtime.local.place import Place
from automl.runtime.local.plan import Mount, Plan, Secret, Service, Task
from automl.runtime.local.record import events_of
from automl.runtime.local.same_files import link_all
from automl.runtime.local.taking_over import Here, is_comparable, readable, take_over
from automl.runtime.local.tasks import LocalTask
from automl.runtime.states import State
from automl.runtime.trials import Trials
from tests.running import Project
from tests.waiting import PATIENCE, until

STEPS = """\
name: search
params: {rate: 1}
stages:
  prepare:
    - step_name: prepare
      path_to_executable: prepare.py
      outputs: {table: dataset, rows: int}
  train:
    - step_name: train
      path_to_executable: train.py
      inputs:
        table: ${{ steps.prepare.outputs.table }}
        rows: ${{ steps.prepare.outputs.rows }}
      outputs: {auc: float, note: file, model: model}
      sweep:
        grid: {lr: [0.1, 0.2]}
        max_failed: 1
        objective: {metric: auc, goal: maximize}
      cross_validation: {folds: 2}
  use:
    - step_name: use
      path_to_executable: use.py
      inputs:
        lr: ${{ steps.train.best.params.lr }}
        all: ${{ collect(steps.train.outputs.auc) }}
        notes: ${{ collect(steps.train.outputs.note) }}
"""
PREPARE = """\
import os
folder = os.environ["AUTOML_OUTPUT_TABLE"]
os.makedirs(folder + "/parts")
open(folder + "/parts/one.csv", "w").write(os.environ.get("TABLE", "1,2"))
open(os.environ["AUTOML_OUTPUT_ROWS"], "w").write(os.environ.get("ROWS", "1"))
"""
TRAIN = """\
import os, sys, time
lr, fold = os.environ["AUTOML_PARAM_LR"], os.environ["AUTOML_PARAM_FOLD_INDEX"]
open(os.environ["TRACE"], "a").write(f"{lr} {fold}\\n")
print("training", lr, fold)
while os.path.exists(os.environ["TRACE"] + ".wait") and lr == "0.2":
    time.sleep(0.02)
if os.path.exists(os.environ["TRACE"] + ".fail") and (lr, fold) == ("0.1", "1"):
    sys.exit("it fails")
open(os.environ["AUTOML_OUTPUT_AUC"], "w").write(lr)
open(os.environ["AUTOML_OUTPUT_NOTE"], "w").write(f"{lr} {fold}")
os.mkdir(os.environ["AUTOML_OUTPUT_MODEL"])
open(os.environ["AUTOML_OUTPUT_MODEL"] + "/weights", "w").write(f"{lr} {fold}")
os.symlink(os.environ["AUTOML_OUTPUT_MODEL"] + "/weights", os.environ["AUTOML_OUTPUT_MODEL"] + "/last")
"""
USE = """\
import json, os
told = {name[13:]: text for name, text in os.environ.items() if name.startswith("AUTOML_INPUT_")}
folder = told.pop("NOTES")
index = json.load(open(os.path.join(folder, "index.json")))
told["NOTES"] = [row["path"] and open(os.path.join(folder, row["path"])).read() for row in index]
told["INDEX"] = index
json.dump(told, open(os.environ["TRACE"] + ".use", "w"))
"""
ALL = ["0.1 0", "0.1 1", "0.2 0", "0.2 1"]


class Search(Project):
    """Two trials of two folds, between a step that they take of and one that takes of them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.write("automl.yaml", STEPS)
        for name, text in (("prepare.py", PREPARE), ("train.py", TRAIN), ("use.py", USE)):
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        """A file of the project."""
        (self.folder / name).write_text(text)

    def change(self, name: str, old: str, new: str) -> None:
        """Have another text in a file of the project."""
        text = (self.folder / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def ran(self, *words: str, code: int = 0) -> list[str]:
        """The runs of trials that a new run has begun."""
        self.trace.unlink(missing_ok=True)
        done = self.automl("run", "--no-queue", "-q", *words)
        assert done.code == code, done.err
        return sorted(self.done())

    def last(self) -> Path:
        """The folder of the run made last."""
        return self.runs / self.run_names()[-1]

    def used(self) -> dict[str, Any]:
        """What the step behind the trials was given."""
        return dict(json.loads(Path(f"{self.trace}.use").read_text()))


@pytest.fixture
def search(tmp_path: Path) -> Search:
    """One that has run."""
    search = Search(tmp_path)
    assert search.ran() == ALL
    return search


def test_another_value_starts_the_new_runs_alone_and_what_follows_is_as_if_all_had_run(
    search: Search,
) -> None:
    first = search.last().name
    search.change("automl.yaml", "lr: [0.1, 0.2]", "lr: [0.3, 0.2, 0.1]")
    done = search.automl("run", "--no-queue")
    assert sorted(search.done()[4:]) == ["0.3 0", "0.3 1"]
    assert f"train: 2 of 3 trials taken over from {first}; --fresh runs them again\n" in done.out
    assert done.err.count(f": succeeded: as in run {first}\n") == 4
    told = search.used()
    assert told["LR"] == "0.3"
    assert search.ran("--fresh") == sorted([*ALL, "0.3 0", "0.3 1"])
    assert search.used() == told


def test_everybody_who_asks_is_told_where_a_trial_has_run(search: Search) -> None:
    first = search.last().name
    assert search.ran() == []
    listed = search.automl("runs", "last").out.splitlines()
    assert [line.split()[-3:] for line in listed[2:]] == [["as", "in", first]] * 2
    status = json.loads(search.automl("status", "--format", "json").out)
    [trial, *_] = [task for task in status["tasks"] if task["trial_of"]]
    assert (trial["state"], trial["reason"]) == ("succeeded", f"as in run {first}")
    assert trial["taken_from"] == first
    assert f"2 of 2 trials taken over from {first}" in search.automl("status").out
    [event] = [event for event in events_of(search.last()) if event.get("task") == trial["name"]]
    assert (event["event"], event["run"], event["values"]) == ("task.ended", first, {"auc": "0.1"})


def test_what_a_trial_can_read_starts_all_of_them(search: Search) -> None:
    search.change("train.py", "training", "fitting")
    assert search.ran() == ALL
    search.write("notes.txt", "packed, so a step can read it")
    assert search.ran() == ALL
    search.change("automl.yaml", "      outputs: {auc", "      envs: {A: 1}\n      outputs: {auc")
    assert search.ran() == ALL
    search.change("automl.yaml", "rate: 1", "rate: 2")
    assert search.ran() == ALL
    search.environment["ROWS"] = "2"
    assert search.ran() == ALL
    search.environment["TABLE"] = "3,4"
    assert search.ran() == ALL
    search.environment["TABLE"] = "3,4,5"
    assert search.ran() == ALL
    search.change("automl.yaml", "folds: 2", "folds: 3")
    assert search.ran() == sorted([*ALL, "0.1 2", "0.2 2"])
    assert search.ran() == []


def test_what_no_trial_can_read_starts_none(search: Search) -> None:
    search.change(
        "automl.yaml", "path_to_executable: train.py", "path_to_executable: train.py\n      backoff_limit: 2"
    )
    search.change("automl.yaml", "lr: [0.1, 0.2]", "lr: [0.2, 0.1]")
    search.change("automl.yaml", "max_failed: 1", "max_failed: 0\n        max_parallel: 1")
    search.change("automl.yaml", "goal: maximize", "goal: minimize")
    search.change("automl.yaml", "name: search\n", "name: search\nlabels: {team: red}\n")
    assert search.ran() == []
    assert search.used()["LR"] == "0.1"
    assert search.used()["NOTES"] == ["0.2 0", "0.2 1", "0.1 0", "0.1 1"]


def test_a_trial_that_a_tracker_is_told_of_is_the_same_in_each_run(search: Search) -> None:
    tracked = 'name: search\ntracking: {mlflow: {uri: "http://mlflow:5000"}}\n'
    search.change("automl.yaml", "name: search\n", tracked)
    assert search.ran() == ALL
    first = search.last().name
    search.change("automl.yaml", "lr: [0.1, 0.2]", "lr: [0.3, 0.2, 0.1]")
    assert search.ran() == ["0.3 0", "0.3 1"]
    assert search.last().name != first
    search.change("automl.yaml", "mlflow:5000", "mlflow:5001")
    assert len(search.ran()) == 6


def test_what_has_failed_runs_again_and_the_rest_of_its_trial_does_not(search: Search) -> None:
    search.switch("fail", True)
    assert search.ran("--fresh") == ALL
    failed = search.last().name
    assert search.used()["NOTES"] == ["0.1 0", None, "0.2 0", "0.2 1"]
    search.automl("delete", search.run_names()[0])
    search.switch("fail", False)
    assert search.ran() == ["0.1 1"]
    assert search.used()["NOTES"] == ALL
    assert f"train: 1 of 2 trials taken over from {failed}" in search.automl("status").out


def test_the_earlier_run_can_be_deleted(search: Search) -> None:
    first = search.last().name
    assert search.ran() == []
    assert search.automl("delete", first).code == 0
    told = search.used()
    assert search.automl("get", "last", "-o", "all").code == 0
    got = {path.read_text() for path in search.folder.glob("all/train/*/note")}
    assert got == {*ALL}
    assert {path.read_text() for path in search.folder.glob("all/train/*/model/last")} == {*ALL}
    shutil.rmtree(search.folder / "all")
    assert search.automl("logs", "last", "train").out.count("training 0.2 1") == 1
    assert search.ran() == []
    assert search.used() == told
    assert f"taken over from {first};" in search.automl("status").out  # where it has run


def test_what_runs_again_in_a_run_leaves_the_earlier_one_as_it_was(search: Search) -> None:
    first = search.last()
    assert search.ran() == []
    second = search.last()
    search.trace.unlink(missing_ok=True)
    assert search.automl("run", "--resume", second.name, "--only", "train", "-q").code == 0
    assert sorted(search.done()) == ALL
    for place in ("outputs/note", "outputs/model/weights", "log"):
        for file in first.glob(f"tasks/train/*/{place}"):
            other = second / file.relative_to(first)
            assert not file.samefile(other)
            assert len(file.read_text().splitlines()) == 1
    told = search.automl("status", second.name, "--format", "json").out
    assert {task["taken_from"] for task in json.loads(told)["tasks"]} == {""}


def keep_events(folder: Path, wanted: Callable[[list[dict[str, Any]]], bool]) -> None:
    """Cut the log of a run where it is as it is wanted, as if its program had been killed then."""
    events: list[dict[str, Any]] = []
    for event in events_of(folder):
        events.append(event)
        if wanted(events):
            break
    (folder / "events.jsonl").write_text("".join(f"{json.dumps(event)}\n" for event in events))


def test_who_was_killed_while_taking_over_goes_on_with_that(search: Search) -> None:
    assert search.ran() == []
    last = search.last()
    keep_events(last, lambda events: sum("run" in event for event in events) == 2)
    [*places] = last.glob("tasks/train/*/outputs")
    for place in places:
        (place / "note").unlink()
        (place / "note").write_text("half")
    begun = [event["task"] for event in events_of(last) if "run" in event]
    for name in begun:
        (Place(last, name).outputs / "note").write_text("whole")
    search.trace.unlink(missing_ok=True)
    assert search.automl("run", "--resume", last.name, "-q").code == 0
    assert search.done() == []
    notes = Counter(search.used()["NOTES"])
    assert notes["whole"] == 2  # what was taken over before is left alone
    assert notes["half"] == 0


def test_a_run_that_is_to_be_fresh_stays_so_when_it_goes_on(search: Search) -> None:
    search.switch("fail", True)
    search.change("automl.yaml", "max_failed: 1", "max_failed: 0")
    assert "0.1 1" in search.ran("--fresh", "--jobs", "1", code=1)
    search.switch("fail", False)
    search.trace.unlink(missing_ok=True)
    assert search.automl("run", "--resume", "last", "-q").code == 0
    assert sorted(search.done()) == ["0.1 1", "0.2 0", "0.2 1"]


def test_nothing_is_taken_that_was_made_of_what_is_there_no_more(search: Search) -> None:
    first = search.last()
    search.environment["TABLE"] = "3,4"
    assert search.automl("run", "--resume", first.name, "--only", "prepare", "-q").code == 0
    assert search.ran() == ALL


@pytest.mark.parametrize("file", ["plan.json", "run.json", "events.jsonl"])
def test_a_damaged_record_is_passed_over(search: Search, file: str) -> None:
    (search.last() / file).write_text("[]\n{\n")
    assert search.ran() == ALL


def test_what_is_not_there_any_more_runs_again(search: Search) -> None:
    gone = next(
        path for path in search.last().glob("tasks/train/*/outputs/note") if path.read_text() == "0.2 0"
    )
    gone.unlink()
    assert search.ran() == ["0.2 0"]


def test_what_was_changed_or_is_gone_of_an_input_is_no_input_of_before(search: Search) -> None:
    shutil.rmtree(search.last() / "tasks" / "prepare" / "outputs" / "table" / "parts")
    assert search.ran() == ALL


def test_a_run_that_still_goes_on_has_left_what_has_ended(search: Search) -> None:
    search.change("train.py", "training", "fitting")
    search.switch("wait", True)
    process = search.start("run", "--no-queue", "--jobs", "3", "-q")
    until(lambda: len(search.done()) >= 4 + 3)
    running = search.last()
    until(lambda: sum(event.get("state") == "succeeded" for event in events_of(running)) == 3)
    search.switch("wait", False)
    os.kill(process.pid, 19)
    try:
        taken = search.ran()
    finally:
        os.kill(process.pid, 18)
        process.communicate(timeout=PATIENCE)
    assert not {"0.1 0", "0.1 1"} & {*taken}


def test_the_program_that_has_all_in_itself_does_the_same(search: Search) -> None:
    search.automl("compile", "-t", "local", "-o", str(search.folder / "search.local.py"))
    search.trace.unlink()
    for words, begun in ((["--no-queue"], []), (["--no-queue", "--fresh"], ALL)):
        program = [sys.executable, "search.local.py", *words]
        done = subprocess.run(
            program, cwd=search.folder, env=search.environment, capture_output=True, text=True, check=True
        )
        assert sorted(search.done()) == begun
        assert ("as in run" in done.stdout) == (begun == [])


def new_run(search: Search) -> Here:
    """A run that could take over what there is, as soon as its trials can begin."""
    assert search.ran("--fresh") == ALL
    folder = search.last()
    plan = Plan.from_json((folder / "plan.json").read_text())
    tasks = {spec.name: LocalTask(spec, Place(folder, spec.name)) for spec in plan.tasks}
    known = history_of(events_of(folder)).tasks
    tasks["prepare"].end(State.SUCCEEDED, "")
    tasks["prepare"].values = known["prepare"].values
    return Here(folder, plan, tasks, lambda: True)


def test_a_run_that_is_deleted_meanwhile_leaves_nothing(
    search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, here = search.last(), new_run(search)
    assert len([*take_over(here, here.tasks["train"])]) == 4

    def link_and_lose(source: Path, target: Path) -> None:
        link_all(source, target)
        if first.exists():
            first.rename(first.with_name(f".{first.name}"))
            source.parent.mkdir(parents=True)

    monkeypatch.setattr("automl.runtime.local.taking_over.link_all", link_and_lose)
    assert [*take_over(here, here.tasks["train"])] == []


def test_who_is_to_end_compares_no_more(search: Search) -> None:
    here = new_run(search)
    stopped = replace(here, goes_on=lambda: False)
    assert [*take_over(stopped, here.tasks["train"])] == []


TASK = Task("train", "s", "train", ["python", "train.py"], project=True, trial="a", of="train")


@pytest.mark.parametrize(
    "change",
    [
        {"command": ["python", "other.py"]},
        {"image": "other"},
        {"project": False},
        {"has_entrypoint": True},
        {"dependencies": "requirements.txt"},
        {"packages": ["numpy"]},
        {"options": ["--param", "a:int"]},
        {"variables": {"A": "1"}},
        {"values": {"A": {"task": "prepare", "output": "a"}}},
        {"outputs": {"a": "int"}},
        {"secrets": [Secret("a")]},
        {"mounts": [Mount("/tmp/a")]},
        {"gpus": 1},
        {"gpu_model": "a100"},
    ],
)
def test_what_a_trial_can_read_tells_it_from_others(change: dict[str, Any]) -> None:
    assert readable(replace(TASK, **change)) != readable(TASK)


def test_every_key_of_a_task_is_read_or_is_not() -> None:
    unread: dict[str, Any] = {
        **dict.fromkeys(("name", "stage", "step", "pull", "of", "trial"), "other"),
        **dict.fromkeys(("retries", "deadline", "cpu", "memory", "most_cpu", "most_memory", "shm"), 1),
        "after": ["a"],
        "about": {"labels": {}},
        "given": {"A": "1"},
        "trials": Trials(),
    }
    assert readable(replace(TASK, **unread)) == readable(TASK)
    read = {"command", "image", "has_entrypoint", "project", "dependencies", "packages", "options"}
    read |= {"variables", "values", "outputs", "secrets", "mounts", "service", "gpus", "gpu_model"}
    assert {*Task.__dataclass_fields__} == {*unread} | read


@pytest.mark.parametrize(
    ("change", "services"),
    [
        ({"mounts": [Mount("/data", disk="data")]}, []),
        ({"mounts": [Mount("/work", is_shared=True)]}, []),
        ({"pull": "always"}, []),
        ({"after": ["api"]}, ["api"]),
    ],
)
def test_what_nobody_can_compare_is_run(change: dict[str, Any], services: list[str]) -> None:
    others = [Task(name, "s", name, [], service=Service(80)) for name in services]
    task = replace(TASK, **change)
    assert is_comparable(TASK, Plan("w", [*others, TASK]))
    assert not is_comparable(task, Plan("w", [*others, task]))
