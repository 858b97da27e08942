"""What there is to do for a run on Slurm, by what its jobs have written down and what is in the queue: a `squeue` of the test's own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from automl.runtime import slurm_scripts
from automl.runtime.local.create import Program, create
from automl.runtime.local.plan import Barrier, Plan, Task
from automl.runtime.local.record import Record
from automl.runtime.local.slurm_reading import ClusterReading
from automl.runtime.local.watching import status
from automl.runtime.trials import Trials

SQUEUE = """\
#!/bin/sh
case "$*" in *--states=all*) cat "{folder}/ended" 2>/dev/null ;; *) cat "{folder}/queue" ;; esac
"""
SACCT = '#!/bin/sh\ncat "{folder}/accounts" 2>/dev/null\n'
SCANCEL = '#!/bin/sh\necho "$@" > "{folder}/cancelled"\n'


def task(name: str, *after: str, trials: Trials | None = None) -> Task:
    return Task(name, "s", name, ["true"], [*after], trials=trials)


PLAN = Plan(
    "test",
    [
        task("first"),
        task("second", "first"),
        task("sweep", "first", trials=Trials({"x": "X"}, [["x1", "1"], ["x2", "2"]])),
        task("third", "all"),
    ],
    [Barrier("all", ["second", "sweep"])],
)


class Cluster:
    """A run, and what its cluster says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = create(Program(PLAN.to_json(), slurm_scripts()), folder / "runs")
        for name, text in (("squeue", SQUEUE), ("sacct", SACCT), ("scancel", SCANCEL)):
            (folder / name).write_text(text.format(folder=folder))
            (folder / name).chmod(0o755)
        self.say()

    def say(self, *lines: str) -> None:
        """What is in the queue: numbers with states."""
        (self.folder / "queue").write_text("".join(f"{line}\n" for line in lines))

    def submitted(self, *lines: str) -> None:
        (self.run / "jobs").write_text("".join(f"{line}\n".replace(" ", "\t") for line in lines))

    def accounts(self, *lines: str) -> None:
        """What Slurm has written down of jobs that have ended: numbers with states."""
        (self.folder / "accounts").write_text("".join(f"{line}\n" for line in lines))

    def begun(self, name: str) -> None:
        self.event("task.started", name, **{"pid": 1, "try": 1})

    def ended(self, name: str, state: str, reason: str = "why") -> None:
        self.event("task.ended", name, state=state, reason=reason, values={})

    def event(self, event: str, name: str, **details: Any) -> None:
        folder = self.run / "tasks" / name
        folder.mkdir(parents=True, exist_ok=True)
        record = Record(folder)
        record.open(room=0)
        record.add(event, task=name, **details)
        record.close()

    def todo(self) -> str:
        words = [sys.executable, "-I", str(self.run / "runtime" / "slurm" / "entry.py"), "todo"]
        path = f"{self.folder}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            words, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return " ".join(line.replace("\t", "=") for line in done.stdout.splitlines())

    def cancelled(self) -> str:
        path = self.folder / "cancelled"
        return path.read_text().strip() if path.exists() else ""


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


def test_what_has_no_job_is_to_be_done(cluster: Cluster) -> None:
    assert cluster.todo() == "first=todo second=todo sweep=todo third=todo"
    assert cluster.cancelled() == ""


def test_what_waits_or_runs_has_its_job_and_what_is_done_is_done(cluster: Cluster) -> None:
    cluster.ended("first", "succeeded")
    cluster.submitted("first 1 task", "second 2 task", "sweep 3 trials:0", "sweep 4 task", "third 5 task")
    cluster.say("2 RUNNING", "3 PENDING", "3 RUNNING", "4 PENDING", "5 PENDING")
    assert cluster.todo() == "first=done second=2 sweep=4 third=5"


def test_what_waits_for_what_is_to_be_done_is_cancelled_and_done_again(cluster: Cluster) -> None:
    cluster.ended("first", "succeeded")
    cluster.ended("second", "failed")
    cluster.submitted("first 1 task", "second 2 task", "sweep 3 trials:0", "sweep 4 task", "third 5 task")
    cluster.say("2 COMPLETING", "3 RUNNING", "4 PENDING", "5 PENDING")
    assert cluster.todo() == "first=done second=todo sweep=4 third=todo"
    assert cluster.cancelled() == "5"


def test_the_last_job_of_a_task_counts_and_half_a_line_is_none(cluster: Cluster) -> None:
    cluster.submitted("first 1 task", "first 7 task", "second 8")
    cluster.say("1 RUNNING", "8 PENDING")
    assert cluster.todo().startswith("first=todo second=todo")


def test_a_run_has_ended_when_no_job_of_it_is_left(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{cluster.folder}{os.pathsep}{os.environ['PATH']}")
    cluster.submitted("first 1 task", "second 2 task")
    cluster.say("1 PENDING")
    assert ClusterReading(cluster.run).history.state == "waiting"
    cluster.ended("first", "succeeded")
    cluster.say("9 RUNNING")  # of another run
    assert ClusterReading(cluster.run).history.state == "stopped"
    (cluster.run / "failed").write_text("second")
    assert ClusterReading(cluster.run).history.state == "failed"
    for name in ("second", "sweep", "third"):
        cluster.ended(name, "succeeded")
    assert ClusterReading(cluster.run).history.state == "succeeded"


@pytest.fixture
def asked(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """The same, with its programs on the PATH, and with jobs."""
    monkeypatch.setenv("PATH", f"{cluster.folder}{os.pathsep}{os.environ['PATH']}")
    about = json.loads((cluster.run / "run.json").read_text())
    (cluster.run / "run.json").write_text(json.dumps({**about, "target": "slurm"}))
    cluster.submitted(
        "first 1 task", "first 2 task", "second 3 task", "sweep 4 trials:0", "sweep 5 task", "third 6 task"
    )
    return cluster


def told(cluster: Cluster) -> dict[str, tuple[str, str]]:
    return {task["name"]: (task["state"], task["reason"]) for task in status(cluster.run)["tasks"]}


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("OUT_OF_MEMORY", "it took more memory than it may (OUT_OF_MEMORY)"),
        ("TIMEOUT", "its job took longer than it may (TIMEOUT)"),
        ("NODE_FAIL", "its node has failed (NODE_FAIL)"),
        ("CANCELLED", "its job was cancelled (CANCELLED)"),
        ("CANCELLED by 0", "its job was cancelled by root (CANCELLED)"),
        ("CANCELLED by 987654", "its job was cancelled by the user 987654 (CANCELLED)"),
    ],
)
def test_why_a_job_was_killed_is_said_and_kept(
    asked: Cluster, state: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1234)
    asked.begun("first")
    asked.accounts("1|FAILED", f"2|{state}", "3|CANCELLED by 0", "5|CANCELLED by 0", "6|CANCELLED by 0")
    for _ in range(2):
        assert told(asked)["first"] == ("stopped", reason)
        assert told(asked)["second"] == ("skipped", "the run had ended before")
        about = status(asked.run)
        assert (about["state"], about["reason"]) == ("stopped", f"first: {reason}")
        asked.accounts()  # it has forgotten


def test_what_is_still_in_the_queue_is_known_where_nothing_is_written_down(asked: Cluster) -> None:
    (asked.folder / "sacct").unlink()
    asked.ended("first", "succeeded")
    asked.begun("second")
    run = [task.name for task in Plan.from_json(PLAN.to_json()).tasks if task.of][1]
    asked.begun(run)
    (asked.folder / "ended").write_text(
        "3 N/A NODE_FAIL\n4 0 COMPLETED\n4 1 OUT_OF_MEMORY\n5 N/A CANCELLED\n"
    )
    known = told(asked)
    assert known["second"] == ("stopped", "its node has failed (NODE_FAIL)")
    assert known[run] == ("stopped", "it took more memory than it may (OUT_OF_MEMORY)")
    assert known["third"] == ("skipped", "the run had ended before")


def test_a_job_that_fails_before_its_task_says_what_it_has_said(asked: Cluster) -> None:
    log = asked.run / "tasks" / "first" / "slurm" / "2.log"
    log.parent.mkdir(parents=True)
    log.write_text("Loading\nmodule: command not found\n\n")
    asked.accounts("2|FAILED")
    assert told(asked)["first"] == ("stopped", "its job has failed (FAILED): module: command not found")


def test_a_task_whose_job_is_killed_is_stopped_while_others_run(asked: Cluster) -> None:
    asked.ended("first", "succeeded")
    asked.begun("second")
    asked.say("4 RUNNING", "5 PENDING")
    assert told(asked)["second"][0] == "running"
    asked.accounts("3|OUT_OF_MEMORY")
    assert told(asked)["second"] == ("stopped", "it took more memory than it may (OUT_OF_MEMORY)")
    assert status(asked.run)["state"] == "running"
