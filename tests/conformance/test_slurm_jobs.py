"""What a job of Slurm does with a task of a plan, on a real cluster, submitted by hand: a line for `sbatch` each."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from automl.runtime import local_scripts, script
from automl.runtime.local.create import Program, create
from automl.runtime.local.history import TaskHistory
from automl.runtime.local.plan import Plan, Task
from automl.runtime.slurm.known import known_of
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

    def __init__(self, cluster: slurm.Cluster, runs: Path, tasks: Sequence[Task]) -> None:
        names = sorted(f"slurm/{path.name}" for path in OURS.glob("*.py"))
        modules = {**local_scripts(), **{name: script(name) for name in names}}
        self.cluster, self.plan = cluster, Plan("test", [*tasks])
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
