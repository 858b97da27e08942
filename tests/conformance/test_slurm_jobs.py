"""What a job of Slurm does with a task of a plan, on a real cluster, submitted by hand: a line for `sbatch` each."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from automl.runtime import local_scripts, script
from automl.runtime.local.create import Program, create
from automl.runtime.local.history import TaskHistory
from automl.runtime.local.plan import Plan, Task
from automl.runtime.local.processes import started_at
from automl.runtime.local.slurm_reading import ClusterReading
from automl.runtime.slurm.deadline import set_from_now, time_left
from automl.runtime.slurm.known import known_of
from automl.runtime.trials import Trials
from tests.conformance import slurm
from tests.conformance.kfp_runs import open_folder
from tests.runtime.local.plans import packed, shell

OURS = Path(__file__).parents[2] / "runtime" / "slurm"


@pytest.fixture(scope="module")
def cluster() -> Iterator[slurm.Cluster]:
    with open_folder() as folder, slurm.running(folder) as started:
        yield started


class Flow:
    """A run in a folder, whose tasks are submitted one by one."""

    def __init__(
        self, cluster: slurm.Cluster, runs: Path, tasks: Sequence[Task], timeout: int | None = None
    ) -> None:
        names = sorted(f"slurm/{path.name}" for path in OURS.glob("*.py"))
        modules = {**local_scripts(), **{name: script(name) for name in names}}
        self.cluster, self.plan = cluster, Plan("test", [*tasks], timeout=timeout)
        self.folder = create(Program(self.plan.to_json(), modules, packed({"README": "hello"})), runs)
        self.jobs: dict[str, str] = {}

    def words(self, *words: str) -> list[str]:
        return [sys.executable, "-I", str(self.folder / "runtime" / "slurm" / "entry.py"), *words]

    def on_login_node(self, *words: str, status: int = 0) -> str:
        variables = {**os.environ, "PATH": self.cluster.path}
        done = subprocess.run(self.words(*words), env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr

    def submit(self, task: str, *options: str, kind: str = "task") -> str:
        """Submit a job for a task, or an array for the runs of its trials, behind what it comes after."""
        [spec] = [one for one in self.plan.tasks if one.name == task]
        before = "".join(f":{self.jobs[name]}" for name in spec.after)
        after = [f"--dependency=afterok{before}"] if before and not options else []
        run = ' --run "$SLURM_ARRAY_TASK_ID"' if kind != "task" else ""
        text = f"#!/bin/bash\nexec {shlex.join(self.words('job', task))}{run}\n"
        number = subprocess.run(
            [
                *(self.cluster.bin / "sbatch", "--parsable", "--kill-on-invalid-dep=yes"),
                *(
                    "--export=HOME,PATH",
                    f"--output={self.folder}/jobs.log",
                    "--open-mode=append",
                    *after,
                    *options,
                ),
            ],
            input=text,
            text=True,
            capture_output=True,
            check=True,
        ).stdout.strip()
        with (self.folder / "jobs").open("a") as file:
            file.write(f"{task}\t{number}\t{kind}\n")
        self.jobs[task] = number
        return number

    def run(self) -> None:
        """Submit all of them, and wait for their end."""
        self.on_login_node("prepare")
        for task in self.plan.tasks:
            self.submit(task.name)
        self.cluster.wait()

    def known(self, task: str) -> TaskHistory:
        return known_of(self.folder, task)

    def log(self, task: str) -> str:
        return (self.folder / "tasks" / task / "log").read_text()


def test_tasks_run_one_after_the_other_and_hand_on(cluster: slurm.Cluster, tmp_path: Path) -> None:
    flow = Flow(
        cluster,
        tmp_path,
        [
            shell(
                "first",
                'cat README; printf 7 > "$AUTOML_OUTPUT_ROWS"; printf data > "$AUTOML_OUTPUT_TABLE"',
                outputs={"rows": "int", "table": "file"},
                options=["--output", "rows:int", "--output", "table:file"],
            ),
            shell(
                "second",
                'echo "$ROWS $(cat "$TABLE")"',
                ["first"],
                values={
                    "ROWS": {"task": "first", "output": "rows"},
                    "TABLE": {"task": "first", "output": "table", "file": True},
                },
            ),
        ],
    )
    flow.run()
    assert flow.known("first").values == {"rows": "7"}
    assert (flow.log("first"), flow.log("second")) == ("hello", "7 data\n")
    assert flow.on_login_node("todo") == "first\tdone\nsecond\tdone\n"


def test_a_failure_cancels_what_follows_and_nothing_else_begins(
    cluster: slurm.Cluster, tmp_path: Path
) -> None:
    tasks = [
        shell("bad", "sleep 2; exit 3"),
        shell("after", "true", ["bad"]),
        shell("slow", "sleep 5"),
        shell("beside", "true", ["slow"]),
    ]
    flow = Flow(cluster, tmp_path, tasks)
    flow.run()
    assert (flow.known("bad").state, flow.known("bad").reason) == ("failed", "ended with status 3")
    assert (flow.known("after").state, cluster.job(flow.jobs["after"])["JobState"]) == (
        "waiting",
        "CANCELLED",
    )
    assert (flow.known("slow").state, flow.known("beside").state) == ("succeeded", "skipped")
    assert flow.known("beside").reason == "not started because of bad"
    assert flow.on_login_node("todo") == "bad\ttodo\nafter\ttodo\nslow\tdone\nbeside\ttodo\n"


def test_a_run_ends_when_its_time_is_over_and_has_it_anew_when_it_goes_on(
    cluster: slurm.Cluster, tmp_path: Path
) -> None:
    go_on = tmp_path / "go-on"
    tasks = [
        shell("quick", "true"),
        shell("slow", f"test -e {go_on} || sleep 60", retries=3),
        shell("late", "true"),
        shell("after", "true", ["slow"]),
    ]
    flow = Flow(cluster, tmp_path, tasks, timeout=10)
    flow.on_login_node("prepare")
    assert flow.on_login_node("todo") == "quick\ttodo\nslow\ttodo\nlate\ttodo\nafter\ttodo\n"
    for task in ("quick", "slow", "after"):
        flow.submit(task)
    flow.submit("late", "--begin=now+13")
    flow.cluster.wait()
    late = "the run took longer than 10 seconds"
    assert flow.known("quick").state == "succeeded"
    assert (flow.known("slow").state, flow.known("slow").reason) == ("stopped", late)
    assert (flow.known("slow").ended or 0) - (flow.known("slow").started or 0) < 13
    assert flow.known("after").state == "waiting"
    assert (flow.known("late").state, flow.known("late").reason) == (
        "skipped",
        "not started because of limits.timeout",
    )
    run = ClusterReading(flow.folder).history
    assert (run.state, run.reason) == ("failed", "took longer than 10 seconds")
    assert (time_left(flow.folder) or 0) < 0

    go_on.touch()
    flow.on_login_node("prepare")
    assert flow.on_login_node("todo") == "quick\tdone\nslow\ttodo\nlate\ttodo\nafter\ttodo\n"
    assert 0 < (time_left(flow.folder) or 0) <= 10
    set_from_now(flow.folder, 300)  # what is left is long enough on a busy machine, too
    for task in ("slow", "after"):
        flow.submit(task)
    flow.submit("late", "--begin=now+5")
    assert "slow\ttodo" not in flow.on_login_node("todo")
    assert (time_left(flow.folder) or 0) > 10  # the clock goes on as long as there are jobs
    flow.cluster.wait()
    assert [flow.known(task.name).state for task in tasks] == ["succeeded"] * 4


def test_what_has_failed_is_done_again_and_the_rest_is_not(cluster: slurm.Cluster, tmp_path: Path) -> None:
    there = tmp_path / "there"
    tasks = [
        shell("first", "echo once"),
        shell("second", f"test -e {there}", ["first"]),
        shell("third", "true", ["second"]),
    ]
    flow = Flow(cluster, tmp_path, tasks)
    flow.run()
    there.touch()
    flow.on_login_node("prepare")
    assert flow.on_login_node("todo") == "first\tdone\nsecond\ttodo\nthird\ttodo\n"
    assert flow.known("second").state == "waiting"
    for name in ("second", "third"):
        flow.submit(name, "--dependency=afterany:1")
    cluster.wait()
    assert [flow.known(task.name).state for task in tasks] == ["succeeded"] * 3
    assert flow.log("first") == "once\n"


def test_a_task_is_tried_again_until_its_deadline(cluster: slurm.Cluster, tmp_path: Path) -> None:
    count = "echo x >> tries; wc -l < tries"
    tasks = [
        shell("flaky", f'cd {tmp_path}; test "$({count})" -eq 3', retries=2),
        shell("late", "echo begun; sleep 600 & wait", deadline=1, retries=1),
    ]
    flow = Flow(cluster, tmp_path, tasks)
    flow.run()
    assert (flow.known("flaky").state, flow.known("flaky").tries) == ("succeeded", 3)
    assert (flow.known("late").state, flow.known("late").reason) == ("failed", "took longer than 1 seconds")
    assert flow.log("late") == "begun\n" * 2


def test_a_job_that_is_cancelled_ends_its_task_and_one_that_is_requeued_begins_anew(
    cluster: slurm.Cluster, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    tasks = [
        shell("stopped", "trap '' TERM; sleep 600 & echo $! > pid; cp pid ..; wait; wait"),
        shell("requeued", f"test -e {again} || sleep 600"),
    ]
    flow = Flow(cluster, tmp_path, tasks)
    flow.on_login_node("prepare")
    flow.submit("stopped")
    flow.submit("requeued", "--requeue")
    _until(lambda: all(flow.known(task.name).state == "running" for task in tasks))
    number = flow.jobs["stopped"]
    assert flow.on_login_node("todo") == f"stopped\t{number}\nrequeued\t{flow.jobs['requeued']}\n"
    again.touch()
    cluster.tell("scancel", number)
    cluster.tell("scontrol", "requeue", flow.jobs["requeued"])
    _until(lambda: cluster.job(flow.jobs["requeued"])["JobState"] == "PENDING")
    cluster.tell(
        "scontrol", "update", f"JobId={flow.jobs['requeued']}", "StartTime=now"
    )  # not in two minutes
    cluster.wait()
    assert flow.known("stopped").state in ("stopped", "running")  # Slurm has killed it, or it was faster
    assert flow.known("requeued").state == "succeeded"
    assert cluster.job(flow.jobs["requeued"])["Restarts"] == "1"
    assert not (flow.folder / "failed").exists()


def test_gpus_are_those_that_slurm_has_given(cluster: slurm.Cluster, tmp_path: Path) -> None:
    text = 'echo "${CUDA_VISIBLE_DEVICES-none}"; sleep 2'
    flow = Flow(cluster, tmp_path, [shell("one", text), shell("other", text), shell("without", text)])
    flow.on_login_node("prepare")
    for name in ("one", "other"):
        flow.submit(name, "--gres=gpu:1")
    flow.submit("without")
    cluster.wait()
    assert {flow.log("one"), flow.log("other")} == {"0\n", "1\n"}
    assert flow.log("without") == "none\n"


SWEEP: dict[str, Any] = {
    "axes": {"rate": "AUTOML_PARAM_RATE"},
    "table": [[f"r{n}", str(n)] for n in (3, 5, 17, 18)],
    "folds": 2,
    "max_failed": 1,
    "objective": {"output": "loss", "maximize": False},
}
FIT = 'printf "%s" "$((($AUTOML_PARAM_RATE - 17) * ($AUTOML_PARAM_RATE - 17)))" > "$AUTOML_OUTPUT_LOSS"'


def search(text: str, **more: Any) -> list[Task]:
    """A step with trials, and one behind it that takes the best of them."""
    of_fit: dict[str, Any] = {"outputs": {"loss": "float"}, "options": ["--output", "loss:float"]}
    best = {"RATE": {"task": "fit", "param": "rate"}, "LOSS": {"task": "fit", "best": "loss"}}
    return [
        shell("fit", text, trials=Trials(**{**SWEEP, **more}), **of_fit),
        shell("use", 'echo "$RATE $LOSS"', ["fit"], values=best),
    ]


def _submit_search(flow: Flow, count: int) -> None:
    flow.on_login_node("prepare")
    array = flow.submit("fit", f"--array=0-{count - 1}", kind="trials:0")
    flow.submit("fit", f"--dependency=afterany:{array}")
    flow.submit("use")
    flow.cluster.wait(120)


def test_trials_run_in_an_array_and_the_best_is_chosen_behind_it(
    cluster: slurm.Cluster, tmp_path: Path
) -> None:
    flow = Flow(cluster, tmp_path, search(f'test "$AUTOML_PARAM_RATE" -ne 5 || exit 1; {FIT}'))
    _submit_search(flow, 8)
    assert flow.known("fit").values == {"best": "r17", "rate": "17", "loss": "0.0"}
    assert flow.log("use") == "17 0.0\n"
    assert flow.known("fit/r5-0").state == "failed"


def test_when_too_many_trials_fail_so_does_the_run(cluster: slurm.Cluster, tmp_path: Path) -> None:
    few: dict[str, Any] = {"table": [[f"r{n}", str(n)] for n in range(4)], "folds": None}
    flow = Flow(cluster, tmp_path, search(f'test "$AUTOML_PARAM_RATE" -lt 2 || exit 1; {FIT}', **few))
    _submit_search(flow, 4)
    assert (flow.folder / "failed").read_text() in ("fit/r2", "fit/r3")
    assert flow.known("fit").state == "skipped"
    assert flow.on_login_node("todo") == "fit\ttodo\nuse\ttodo\n"


def test_no_process_of_a_cluster_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    with slurm.running(folder) as cluster:
        script = tmp_path / "script"
        script.write_text(f"#!/bin/sh\nsetsid sleep 1234 & echo $! > {tmp_path}/pid\nsleep 1234\n")
        cluster.tell("sbatch", "--export=NONE", "--output=/dev/null", str(script))
        _until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    assert started_at(int((tmp_path / "pid").read_text())) == ""


def _until(is_so: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)
