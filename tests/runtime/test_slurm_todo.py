"""What there is to do for a run on Slurm, by what its jobs have written down and what is in the queue: a `squeue` of the test's own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from automl.runtime import slurm_scripts
from automl.runtime.local.create import Program, create
from automl.runtime.local.plan import Barrier, Plan, Task
from automl.runtime.local.record import Record
from automl.runtime.local.slurm_reading import ClusterReading
from automl.runtime.trials import Trials

SQUEUE = '#!/bin/sh\ncat "{folder}/queue"\n'
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
        for name, text in (("squeue", SQUEUE), ("scancel", SCANCEL)):
            (folder / name).write_text(text.format(folder=folder))
            (folder / name).chmod(0o755)
        self.say()

    def say(self, *lines: str) -> None:
        """What is in the queue: numbers with states."""
        (self.folder / "queue").write_text("".join(f"{line}\n" for line in lines))

    def submitted(self, *lines: str) -> None:
        (self.run / "jobs").write_text("".join(f"{line}\n".replace(" ", "\t") for line in lines))

    def ended(self, name: str, state: str) -> None:
        folder = self.run / "tasks" / name
        folder.mkdir(parents=True)
        record = Record(folder)
        record.open(room=0)
        record.add("task.ended", task=name, state=state, reason="why", values={})
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
