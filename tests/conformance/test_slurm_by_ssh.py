"""Runs on a real Slurm, submitted and looked at through a real sshd, as by who has a login on a cluster."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from automl.runs.engine import EngineError
from automl.runs.local.engine import LocalEngine
from automl.runs.local.ssh import There
from automl.runs.model import ENDED, Run
from tests.conformance import slurm, sshd
from tests.conformance.kfp_runs import open_folder
from tests.conformance.slurm_login import compiled
from tests.running import Done, Project

CONFIG = """
name: churn
stages:
  all:
    - {step_name: extract, path_to_executable: extract.py, outputs: {rows: int, table: file}}
    - step_name: fit
      path_to_executable: fit.py
      inputs: {table: "${{ steps.extract.outputs.table }}"}
    - {step_name: after, path_to_executable: fit.py, needs: [fit]}
"""
EXTRACT = """
import os
from pathlib import Path

Path(os.environ["AUTOML_OUTPUT_ROWS"]).write_text("12")
Path(os.environ["AUTOML_OUTPUT_TABLE"]).write_text("a table")
"""
FIT = """
import pathlib, time

print("fitting", flush=True)
while pathlib.Path.home().joinpath("wait").exists():
    time.sleep(0.1)
"""
FILES = {"extract.py": EXTRACT, "fit.py": FIT}


class Login:
    """A login node that is reached by ssh."""

    def __init__(self, box: sshd.Box, cluster: slurm.Cluster, project: Path) -> None:
        self.box, self.cluster, self.engine = box, cluster, LocalEngine(There("box"))
        self.script = compiled(CONFIG, project)

    def submit(self, *words: str) -> str:
        """The name of a run that has been submitted."""
        done = subprocess.run(
            ["ssh", "box", "bash", "-s", "--", *words],
            input=self.script,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[0].split()[1].rstrip(",")

    def wait(self, run: str) -> Run:
        return [known for known in self.engine.watch(run) if known][-1]


@pytest.fixture
def login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Login]:
    project = tmp_path / "project"
    project.mkdir()
    for name, text in FILES.items():
        (project / name).write_text(text)
    with open_folder() as folder, slurm.running(folder) as cluster:
        environment = {"PATH": f"{cluster.bin}:/usr/bin:/bin"}
        with sshd.box(tmp_path / "box", environment) as box:
            monkeypatch.setenv("PATH", f"{box.path}{os.pathsep}{os.environ['PATH']}")
            yield Login(box, cluster, project)


def test_runs_are_looked_at_stopped_and_taken_from(login: Login, tmp_path: Path) -> None:
    waits = login.box.home / "wait"
    waits.touch()
    run = login.submit()
    with pytest.raises(EngineError, match=r"automl stop"):
        login.engine.delete(run)
    states = {task.name: task.state for task in login.engine.status(run).tasks}
    assert states["after"] == "waiting"
    _until(login, run, "fit", "running")
    stopped = login.engine.stop(run, now=False)
    assert stopped.state == "stopped"
    assert {task.name: task.state for task in stopped.tasks} == {
        "extract": "succeeded",
        "fit": "stopped",
        "after": "skipped",
    }
    waits.unlink()
    assert login.submit() == run
    ended = login.wait(run)
    assert (ended.state, [known.id for known in login.engine.runs()]) == ("succeeded", [run])
    assert ended.tasks[0].values == {"rows": "12"}
    assert b"".join(login.engine.logs(run, "fit", follow=False)) == b"fitting\n" * 2
    [table] = login.engine.get(run, "table", tmp_path / "taken", force=False)
    assert table.read_text() == "a table"
    login.engine.delete(run)
    assert login.engine.runs() == []


@pytest.fixture
def project(login: Login, tmp_path: Path) -> Project:
    """A project with the cluster as a context, as its user has it."""
    (tmp_path / "own").mkdir()
    project = Project(tmp_path / "own")
    files = {"automl.yaml": f"contexts: {{hpc: {{target: slurm, host: box}}}}\n{CONFIG}", **FILES}
    for name, text in files.items():
        (project.folder / name).write_text(text)
    project.environment["PATH"] = f"{login.box.path}{os.pathsep}/usr/bin:/bin"
    return project


def on_cluster(project: Project, *words: str) -> Done:
    return project.automl(*words, "--context", "hpc")


def test_a_config_is_submitted_and_goes_on_as_it_was(login: Login, project: Project) -> None:
    waits = login.box.home / "wait"
    waits.touch()
    done = on_cluster(project, "submit")
    assert re.fullmatch(r"churn-[a-z0-9]{5}\n", done.out), done
    assert (done.code, done.err) == (0, "")
    run = done.out.strip()
    assert run in on_cluster(project, "runs").out
    _until(login, run, "fit", "running")
    other = on_cluster(project, "submit").out.strip()
    assert other != run
    assert on_cluster(project, "stop", other, run).code == 0
    waits.unlink()
    (project.folder / "fit.py").write_text("raise SystemExit('changed')")
    [advised] = re.findall(r"^automl (submit .*?) +#", on_cluster(project, "status", run).out, re.MULTILINE)
    assert advised == f"submit --resume {run} --context hpc"
    again = project.automl(*advised.split(), "-f", "-q")
    assert (again.code, again.out.splitlines()[0]) == (0, run), again
    assert "--resume" not in again.out
    changed = on_cluster(project, "submit", "-f", "-q")
    assert changed.code == 1
    assert "changed" in changed.out


def test_why_a_job_has_ended_is_said_where_it_could_not_say_so(login: Login, project: Project) -> None:
    waits = login.box.home / "wait"
    waits.touch()
    run = on_cluster(project, "submit").out.strip()
    _until(login, run, "fit", "running")
    node = login.cluster.tell("sinfo", "--noheader", "--format=%N").strip()
    login.cluster.tell("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=test")
    stopped = login.wait(run)
    assert (stopped.state, stopped.reason) == ("stopped", "fit: its node has failed (NODE_FAIL)")
    assert [task.state for task in stopped.tasks] == ["succeeded", "stopped", "skipped"]
    config = project.folder / "automl.yaml"
    config.write_text(config.read_text() + "targets: {slurm: {setup: ['echo broken >&2', exit 3]}}\n")
    ended = login.wait(on_cluster(project, "submit").out.strip())
    assert ended.tasks[0].reason == "its job has failed (FAILED): broken"


def _until(login: Login, run: str, task: str, state: str) -> None:
    end = time.monotonic() + 60
    while state not in (known.state for known in login.engine.status(run).tasks if known.name == task):
        assert time.monotonic() < end
        assert login.engine.status(run).state not in ENDED
