"""Scripts of `automl compile -t slurm` on a real Slurm: submitted twice, at once, killed on the way, and with large sweeps."""

import json
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from automl.runtime.local.record import events_of
from automl.runtime.slurm.known import known_of, plan_of
from automl.targets.slurm import jobs
from tests.conformance import slurm
from tests.conformance.kfp_runs import open_folder
from tests.conformance.slurm_login import compiled

SECONDS = 600
ARRAY = 41  # so many elements an array may have there
SWEEP = """
name: search
limits: {max_tasks: 1200}
stages:
  fit:
    - step_name: fit
      path_to_executable: fit.py
      outputs: {loss: float}
      sweep:
        grid: {rate: [%s]}
        max_parallel: 12
        objective: {metric: loss, goal: minimize}
      cross_validation: {folds: %d}
  use:
    - step_name: use
      path_to_executable: use.py
      args: ["${{ steps.fit.best.params.rate }}", "${{ steps.fit.best.outputs.loss }}"]
"""
MANY = """
name: search
limits: {max_tasks: 3000}
stages:
  fit:
    - step_name: fit
      path_to_executable: fit.sh
      outputs: {loss: float}
      sweep: {grid: {rate: {min: 1, max: 1200, step: 1}}, objective: {metric: loss, goal: minimize}}
"""
WIDE = """
name: wide
limits: {max_parallel: 3}
stages:
  left:
%s
  right:
%s
"""
BUSY = """
import time

print("between", time.time(), end=" ")
time.sleep(0.5)
print(time.time())
"""
FIT = """
import os, time
from pathlib import Path

print("between", time.time(), end=" ")
time.sleep(0.2)
Path(os.environ["AUTOML_OUTPUT_LOSS"]).write_text(str(abs(int(os.environ["AUTOML_PARAM_RATE"]) - 17)))
print(time.time())
"""
CHAIN = """
name: chain
stages:
  all:
    - {step_name: first, path_to_executable: say.py}
    - {step_name: second, path_to_executable: look.py, needs: [first]}
    - {step_name: third, path_to_executable: say.py, needs: [second]}
    - {step_name: fourth, path_to_executable: say.py, needs: []}
"""
FILES = {
    "fit.py": FIT,
    "fit.sh": 'echo $((AUTOML_PARAM_RATE - 3)) >"$AUTOML_OUTPUT_LOSS"\n',
    "busy.py": BUSY,
    "use.py": "import sys\nprint(*sys.argv[1:])\n",
    "say.py": "print('said')\n",
    "look.py": "import pathlib, sys\nprint('said')\nsys.exit(not pathlib.Path.home().joinpath('there').exists())\n",
}


class Login:
    """A user on a login node, with a script of a workflow."""

    def __init__(self, cluster: slurm.Cluster, home: Path, config: str) -> None:
        self.cluster, self.home = cluster, home
        home.mkdir()
        for name, text in FILES.items():
            (home / name).write_text(text)
        self.script = home / "script.sh"
        self.script.write_text(compiled(config, home))
        (home / ".bash_profile").write_text(f"export PATH={shlex.quote(cluster.path)}\n")

    def begin(self, **more: str) -> "subprocess.Popen[str]":
        """Run the script, in a session of its own."""
        variables = {**os.environ, "PATH": self.cluster.path, "HOME": str(self.home), **more}
        return subprocess.Popen(
            ["bash", self.script],
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def submit(self) -> list[str]:
        """Run the script; the tasks of which it has submitted jobs."""
        return self.told(self.begin())

    def told(self, process: "subprocess.Popen[str]") -> list[str]:
        output, complaints = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, complaints
        return [line.split("\t")[0] for line in output.splitlines() if "\t" in line]

    @property
    def run(self) -> Path:
        [folder] = (self.home / ".automl" / "runs").glob("[a-z]*")
        return folder

    def states(self) -> dict[str, str]:
        steps = [task.name for task in plan_of(self.run).tasks if not task.of]
        return {name: known_of(self.run, name).state for name in steps}

    def log(self, task: str) -> str:
        return (self.run / "tasks" / task / "log").read_text()


@pytest.fixture(scope="module")
def cluster() -> Iterator[slurm.Cluster]:
    with open_folder() as folder, slurm.running(folder, array=ARRAY) as started:
        yield started


def test_the_same_script_once_more_submits_only_what_is_left(cluster: slurm.Cluster, tmp_path: Path) -> None:
    login = Login(cluster, tmp_path / "home", CHAIN)
    assert login.submit() == ["first", "second", "third", "fourth"]
    assert login.submit() == []  # their jobs wait or run
    cluster.wait()
    assert login.states() == {
        "first": "succeeded",
        "second": "failed",
        "third": "waiting",
        "fourth": "succeeded",
    }
    (login.home / "there").touch()
    assert login.submit() == ["second", "third"]
    cluster.wait()
    assert set(login.states().values()) == {"succeeded"}
    assert [login.log(name).count("said") for name in ("first", "second", "third")] == [1, 2, 1]
    assert login.submit() == []


def test_two_at_once_submit_every_step_once(cluster: slurm.Cluster, tmp_path: Path) -> None:
    login = Login(cluster, tmp_path / "home", CHAIN)
    (login.home / "there").touch()
    both = [login.begin(), login.begin()]
    told = [login.told(process) for process in both]
    assert sorted(told) == [[], ["first", "second", "third", "fourth"]]
    cluster.wait()
    assert set(login.states().values()) == {"succeeded"}


def test_who_is_killed_on_the_way_goes_on_when_run_again(cluster: slurm.Cluster, tmp_path: Path) -> None:
    login = Login(cluster, tmp_path / "home", CHAIN)
    (login.home / "there").touch()
    slow = tmp_path / "slow"
    slow.mkdir()
    (slow / "sbatch").write_text(f'#!/bin/sh\nsleep 1\nexec {cluster.bin}/sbatch "$@"\n')
    (slow / "sbatch").chmod(0o755)
    process = login.begin(PATH=f"{slow}:{cluster.path}")
    end = time.monotonic() + SECONDS
    while len(list(login.home.glob(".automl/runs/chain-*/jobs"))) < 1:
        assert time.monotonic() < end
        time.sleep(0.05)
    time.sleep(0.3)  # the second one is being submitted
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    time.sleep(1.5)  # what nobody has written down is in the queue
    submitted = login.submit()
    assert submitted
    assert submitted[-1] == "fourth"
    cluster.wait()
    assert set(login.states().values()) == {"succeeded"}
    assert [login.log(name) for name in ("first", "second", "third", "fourth")] == ["said\n"] * 4


def test_a_large_sweep_runs_in_arrays_with_no_more_at_a_time_than_is_said(
    cluster: slurm.Cluster, tmp_path: Path
) -> None:
    login = Login(cluster, tmp_path / "home", SWEEP % (", ".join(map(str, range(30))), 3))
    assert login.submit() == ["fit"] * 4 + ["use"]  # three arrays, and what looks at them
    cluster.wait(SECONDS)
    assert login.states() == {"fit": "succeeded", "use": "succeeded"}
    assert login.log("use") == "17 0.0\n"
    runs = [task.name for task in plan_of(login.run).tasks if task.of]
    between = [tuple(map(float, login.log(run).split()[1:])) for run in runs]
    most = max(sum(begin <= at < end for begin, end in between) for at, _ in between)
    assert len(between) == 90
    assert 1 < most <= 12
    assert all(len(events_of(login.run / "tasks" / run)) == 2 for run in runs)


@pytest.mark.slow  # each job takes a processor for a seventh of a second
def test_more_than_a_thousand_trials_run_in_arrays_as_long_as_is_usual(tmp_path: Path) -> None:
    with open_folder() as folder, slurm.running(folder, cpus=24, array=1001) as cluster:
        login = Login(cluster, tmp_path / "home", MANY)
        assert login.submit() == ["fit"] * 3  # two arrays, and what looks at them
        cluster.wait(15 * 60)
        assert login.states() == {"fit": "succeeded"}
        runs = [task.name for task in plan_of(login.run).tasks if task.of]
        assert len(runs) == 1200
        assert {known_of(login.run, run).state for run in runs} == {"succeeded"}
        kinds = [line.split("\t")[2] for line in (login.run / "jobs").read_text().splitlines()]
        assert kinds == ["trials:0", "trials:1001", "task"]


def test_no_more_jobs_run_than_the_limit_says_and_many_wait_for_many_by_one(
    cluster: slurm.Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_MANY", 10)
    step = "    - {{step_name: {}-{}, path_to_executable: busy.py, memory_request: 20Mi}}"
    sides = ["\n".join(step.format(side, n) for n in range(6)) for side in ("left", "right")]
    login = Login(cluster, tmp_path / "home", WIDE % tuple(sides))
    names = [f"{side}-{n}" for side in ("left", "right") for n in range(6)]
    assert login.submit() == [*names[:6], "stage/left", *names[6:]]
    cluster.wait(SECONDS)
    assert set(login.states().values()) == {"succeeded"}
    between = {name: tuple(map(float, login.log(name).split()[1:])) for name in names}
    most = max(sum(begin <= at < end for begin, end in between.values()) for at, _ in between.values())
    assert 1 < most <= 3
    assert max(between[name][1] for name in names[:6]) < min(between[name][0] for name in names[6:])


def test_more_than_a_thousand_trials_are_taken(tmp_path: Path) -> None:
    with open_folder() as folder, slurm.running(folder, array=1001) as cluster:
        node = cluster.tell("sinfo", "--noheader", "--format=%n").strip()
        cluster.tell("scontrol", "update", f"NodeName={node}", "State=DRAIN", "Reason=test")
        login = Login(cluster, tmp_path / "home", SWEEP % (", ".join(map(str, range(600))), 2))
        assert login.submit() == ["fit"] * 3 + ["use"]
        listed = cluster.tell("squeue", "--noheader", "--array", "--format=%j").split()
        assert (listed.count("search.fit"), listed.count("search.use")) == (1201, 1)
        (settings,) = re.findall(r"MaxArraySize\s+= (\d+)", cluster.tell("scontrol", "show", "config"))
        assert settings == "1001"
        assert json.loads((login.run / "run.json").read_text())["workflow"] == "search"
