"""What is asked of runs, and done with them: by people in text, by programs in JSON."""

import json
import os
import pty
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from automl.runtime.local.processes import members
from tests.running import CONFIG, Project
from tests.waiting import PATIENCE, until


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def told(project: Project, *words: str) -> Any:
    done = project.automl(*words, "--format", "json")
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


def begun(project: Project, *words: str) -> str:
    """The name of a run whose `train` waits."""
    project.switch("wait", True)
    done = project.automl("submit", *words)
    assert (done.code, done.err) == (0, "")
    until(lambda: project.done() == ["prepare", "train"])
    return done.out.strip()


def test_a_run_is_submitted_looked_at_and_stopped(project: Project) -> None:
    name = begun(project)
    assert re.fullmatch(r"churn-[a-z0-9]{5}", name)
    status = told(project, "status")
    assert (status["id"], status["state"]) == (name, "running")
    assert [task["state"] for task in status["tasks"]] == ["succeeded", "running", "waiting"]
    assert project.automl("delete", name).code == 2
    assert project.run().exists()

    stopped = project.automl("stop", name[:-2])
    assert stopped.out == f"{name} stopped\n"
    assert [*members(name)] == []
    status = told(project, "status", name)
    assert [task["state"] for task in status["tasks"]] == ["succeeded", "stopped", "skipped"]
    assert project.automl("stop", "last").out == f"{name} stopped\n"

    project.switch("wait", False)
    assert project.automl("run", "--resume", name, "-q").code == 0
    assert project.done() == ["prepare", "train", "train"]
    assert told(project, "status", name)["state"] == "succeeded"
    assert told(project, "delete", name) == [name]
    assert told(project, "runs") == []
    assert [*project.runs.iterdir()] == [project.runs / ".gitignore"]


def test_who_follows_a_run_can_go_while_it_goes_on(project: Project) -> None:
    project.switch("wait", True)
    process = project.start("submit", "--follow", start_new_session=True)
    assert process.stdout is not None
    name = process.stdout.readline().strip()
    until(lambda: project.done() == ["prepare", "train"])
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (130, "")
    assert err.endswith(f"{name} goes on: `automl logs {name} -f`, `automl stop {name}`\n")
    assert told(project, "status", name)["state"] == "running"

    following = project.start("logs", name, "-f")
    project.switch("wait", False)
    out, err = following.communicate(timeout=PATIENCE)
    assert (following.returncode, err) == (0, "")
    printed = ["prepare | preparing", "train   | epoch 7 of 9", "check   | checked"]
    assert sorted(out.splitlines()) == sorted(printed)
    assert told(project, "status", name)["state"] == "succeeded"


def test_a_run_whose_program_was_killed_is_stopped_and_says_how_to_go_on(project: Project) -> None:
    name = begun(project)
    event = json.loads((project.run() / "events.jsonl").read_text().splitlines()[0])
    os.kill(event["pid"], signal.SIGKILL)
    until(lambda: told(project, "status")["state"] == "stopped")
    assert told(project, "status")["reason"] == f"its program has ended: `automl run --resume {name}`"
    assert project.automl("stop", name).code == 0
    assert [*members(name)] == []
    assert project.automl("delete", name).code == 0


def test_another_process_with_the_number_of_a_dead_program_does_not_keep_its_run_alive(
    project: Project,
) -> None:
    assert project.automl("run", "-q").code == 0
    events = project.run() / "events.jsonl"
    first = json.loads(events.read_text().splitlines()[0])
    events.write_text(json.dumps({**first, "pid": os.getpid()}) + "\n")
    assert told(project, "status")["state"] == "stopped"


def test_runs_are_listed_with_what_they_were_given_and_have_measured(project: Project) -> None:
    names = [
        project.automl("submit", "-f", "-q", "--set", f"lr={lr}").out.split()[0]
        for lr in ("0.25", "1", "0.5")
    ]
    project.switch("fail", True)
    names.append(project.automl("submit", "-f", "-q", "--set", "lr=3").out.split()[0])

    def listed(*words: str) -> list[str]:
        return [run["id"] for run in told(project, "runs", *words)]

    a, b, c, failed = names
    assert listed() == [failed, c, b, a]
    assert listed("--sort", "metrics.auc") == [a, c, b, failed]
    assert listed("--sort", "-metrics.auc") == [b, c, a, failed]
    assert listed("--sort", "-params.lr") == [failed, b, c, a]
    lines = [line.split() for line in project.automl("runs", "--sort", "created").out.splitlines()]
    assert lines[0] == ["RUN", "STATE", "CREATED", "TIME", "lr", "auc", "loss"]
    assert [line[0] for line in lines[1:]] == names
    assert lines[1][1] == "succeeded"
    assert lines[1][-3:] == ["0.25", "0.25", "2"]
    assert (lines[4][1], lines[4][-1]) == ("failed", "3")
    done = project.automl("runs", "--sort", "metrics.acu")
    assert (done.code, done.out) == (2, "")
    assert "metrics.auc" in done.err


def test_what_a_run_has_left_is_taken_over_nothing_that_is_there(project: Project) -> None:
    assert project.automl("run", "-q").code == 0
    done = project.automl("get", "last", "-o", "results")
    assert done.out.splitlines() == [
        "results/prepare/rows",
        "results/prepare/table",
        "results/train/model",
        "results/train/scores",
    ]
    model = project.folder / "results" / "train" / "model"
    assert model.read_text() == "a,b\n1,2\n"
    assert json.loads((model.parent / "scores").read_text()) == {"auc": 0.5, "loss": 2}

    model.write_text("mine")
    (model.parent / "scores").unlink()
    refused = project.automl("get", "last", "-o", "results")
    assert refused.code == 2
    assert "is there already; --force replaces it" in refused.err
    assert model.read_text() == "mine"
    assert not (model.parent / "scores").exists()
    assert sorted(path.name for path in (project.folder / "results").iterdir()) == ["prepare", "train"]

    assert project.automl("get", "last", "model", "-o", "results/train", "--force").code == 0
    assert model.read_text() == "a,b\n1,2\n"
    assert told(project, "get", "last", "train.scores", "-o", "scores") == ["scores/scores"]
    unknown = project.automl("get", "last", "modle")
    assert unknown.code == 2
    assert "train.model" in unknown.err


def test_a_folder_named_as_the_run_is_no_part_of_the_project(project: Project) -> None:
    def packed() -> str:
        return project.automl("files", "--packed").out

    before = packed()
    assert project.automl("run", "-q").code == 0
    name = project.run().name
    assert project.automl("get", "last", "model").out == f"{name}/model\n"
    assert project.automl("get", "last").out.splitlines()[-1] == f"{name}/train/scores"
    assert packed() == before
    assert project.automl("get", "last", "model", "-o", "models").code == 0
    assert packed() == before.replace("prepare.py", "models/model\nprepare.py")
    (project.folder / name / ".gitignore").unlink()
    assert project.automl("get", "last", "--force").code == 0
    assert not (project.folder / name / ".gitignore").exists()  # a folder that was there is its owner's


FOLDER = """\
import os, pathlib
folder = pathlib.Path(os.environ["AUTOML_OUTPUT_TREE"])
(folder / "deep").mkdir(parents=True)
(folder / "deep" / "größe 😀.txt").write_text("x" * 3_000_000)
(folder / "deep" / "run.sh").write_text("true")
(folder / "deep" / "run.sh").chmod(0o755)
(folder / "link").symlink_to("deep/run.sh")
(folder / "linked").symlink_to("deep")
(folder / "up").symlink_to("../../..")
(folder / "empty").mkdir()
(folder / "deep").chmod(0o555)
"""


def test_folders_are_taken_with_all_that_is_in_them_and_can_be_deleted(project: Project) -> None:
    (project.folder / "prepare.py").write_text(FOLDER)
    config = "name: tree\nstages:\n  a:\n    - {step_name: a, path_to_executable: prepare.py, outputs: {tree: dataset}}\n"
    (project.folder / "automl.yaml").write_text(config)
    assert project.automl("run", "-q").code == 0
    refused = project.automl("get", "last")
    assert (refused.code, refused.out) == (2, "")  # a link that leads out is not taken anywhere
    assert "up" in refused.err
    (project.run() / "tasks" / "a" / "outputs" / "tree" / "up").unlink()
    assert project.automl("get", "last", "tree", "-o", ".").code == 0
    tree = project.folder / "tree"
    assert len((tree / "deep" / "größe 😀.txt").read_text()) == 3_000_000
    assert (tree / "link").read_text() == "true"
    assert (tree / "linked").is_symlink()
    assert (tree / "linked" / "run.sh").read_text() == "true"
    assert (tree / "deep" / "run.sh").stat().st_mode & stat.S_IXUSR
    assert (tree / "empty").is_dir()
    assert project.automl("delete", "last").code == 0
    assert [*project.runs.iterdir()] == [project.runs / ".gitignore"]


def test_logs_are_those_of_one_step_or_of_all(project: Project) -> None:
    project.switch("fail", True)
    assert project.automl("run", "-q").code == 1
    assert project.automl("logs").out == "prepare | preparing\ntrain   | the learning rate is too high\n"
    assert project.automl("logs", "last", "train").out == "the learning rate is too high\n"
    unknown = project.automl("logs", "last", "tarin")
    assert unknown.code == 2
    assert 'has no step "tarin"; it has prepare, train, check' in unknown.err


def test_runs_are_found_from_folders_below_and_by_a_part_of_their_names(project: Project) -> None:
    names = [project.automl("submit", "-f", "-q").out.split()[0] for _ in range(2)]
    below = project.folder / "src"
    below.mkdir()
    project.folder = below
    assert told(project, "status")["id"] == names[1]
    assert told(project, "status", names[0][-5:])["id"] == names[0]
    ambiguous = project.automl("status", "churn")
    assert ambiguous.code == 2
    assert f'there are 2 runs that "churn" could be: {names[0]}, {names[1]}' in ambiguous.err
    assert told(project, "runs", "--runs", str(below)) == []
    assert project.automl("status", "--runs", str(below)).code == 2


def test_commands_that_are_advised_work_from_where_they_are_advised(project: Project) -> None:
    project.switch("fail", True)
    config = project.folder / "automl.yaml"
    config.write_text(CONFIG)
    place = project.folder
    project.folder = place.parent
    done = project.automl("run", str(place), "-q")
    assert done.code == 1
    commands = [
        line.partition("#")[0].split() for line in done.out.splitlines() if line.startswith("automl ")
    ]
    assert [words[1] for words in commands] == ["logs", "run"]
    assert project.automl(*commands[0][1:]).out == "the learning rate is too high\n"
    project.switch("fail", False)
    assert project.automl(*commands[1][1:]).code == 0


@pytest.mark.parametrize(
    ("file", "text"),
    [("run.json", ""), ("plan.json", '{"version": 2}'), ("plan.json", "[]"), ("plan.json", None)],
)
def test_a_run_whose_record_cannot_be_read_is_in_nobodys_way(
    file: str, text: str | None, project: Project
) -> None:
    assert project.automl("run", "-q").code == 0
    broken = project.run()
    (broken / file).unlink() if text is None else (broken / file).write_text(text)
    name = json.loads(project.automl("submit", "-f", "--only", "prepare", "--format", "json").out)["id"]
    assert {run["id"] for run in told(project, "runs")} == {name, broken.name}
    status = told(project, "status", broken.name)
    assert status["state"] == "succeeded"
    assert status["reason"].startswith("its record cannot be read: ")
    for command in ("run", "submit"):
        refused = project.automl(command, "--resume", broken.name)
        assert (refused.code, refused.out) == (2, "")
        assert f"{broken.name} cannot go on: its record cannot be read" in refused.err
    lacking = project.automl("run", "--only", "train", "-q")
    assert lacking.code == 0, lacking
    assert project.automl("delete", broken.name).code == 0
    assert broken.name not in project.run_names()


def test_who_runs_something_is_told_the_same_as_who_asks(project: Project) -> None:
    project.switch("fail", True)
    ran = project.automl("run", "--format", "json")
    assert ran.code == 1
    assert "train: failed" in ran.err
    assert json.loads(ran.out) == told(project, "status")
    project.switch("fail", False)
    followed = project.automl("submit", "-f", "-q", "--format", "json")
    assert (followed.code, json.loads(followed.out)) == (0, told(project, "status"))
    at_once = json.loads(project.automl("submit", "--format", "json").out)
    assert at_once["id"] == told(project, "status")["id"]
    assert project.automl("run", "--format", "xml").code == 2


@pytest.mark.parametrize("command", ["run", "submit"])
def test_a_run_goes_on_in_the_background_or_not(command: str, project: Project) -> None:
    project.switch("fail", True)
    assert project.automl("run", "-q").code == 1
    name = project.run().name
    for words in (("--set", "lr=1"), ("automl.yaml",), ("--name", "x"), ("--image", "x")):
        refused = project.automl(command, *words, "--resume", name)
        assert (refused.code, refused.out) == (2, "")
        assert re.fullmatch(
            r"automl: --resume goes on with a run as it was made: leave .* out\n", refused.err
        )
    unknown = project.automl(command, "--resume", name, "--from", "tarin")
    assert (unknown.code, unknown.err) == (2, 'automl: there is no step "tarin"; did you mean "train"?\n')
    assert project.automl(command, "--resume", "nothing").code == 2
    again = project.automl(command, "--resume", name[-5:])
    if command == "submit":
        assert (again.code, again.out) == (0, f"{name}\n")
        until(lambda: told(project, "status")["state"] == "failed")
    project.switch("fail", False)
    project.switch("wait", True)
    process = project.start("submit", "--resume", "last", "--follow")
    until(lambda: project.done() == ["prepare", "train", "train", "train"])
    refused = project.automl(command, "--resume", name)
    assert (refused.code, refused.out) == (2, "")
    assert f"{name} is running already" in refused.err
    project.switch("wait", False)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert out.startswith(f"{name}\n{name} succeeded after ")
    assert project.run_names() == [name]


def test_names_of_runs_are_completed(project: Project) -> None:
    assert project.automl("run", "-q").code == 0
    name = project.run().name
    project.environment |= {
        "_AUTOML_COMPLETE": "complete_bash",
        "COMP_WORDS": "automl status ch",
        "COMP_CWORD": "2",
    }
    assert project.automl().out.split() == [name]


def test_following_on_a_terminal_draws_a_table(project: Project) -> None:
    ours, theirs = pty.openpty()
    process = project.start("submit", "-f", stderr=theirs)
    os.close(theirs)
    out, _ = process.communicate(timeout=PATIENCE)
    drawn = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert "\x1b[" in drawn
    assert "(3 succeeded)" in out


def test_windows_is_refused_before_anything_is_done(project: Project) -> None:
    program = """
import os, sys
from automl.cli import app
import automl.cli.commands.run, automl.cli.commands.{0}
automl.cli.sites.os = type("Windows", (), {{"name": "nt"}})
sys.argv = ["automl", "{0}"]
app.main()
"""
    for command in ("run", "submit", "runs", "status", "logs"):
        done = subprocess.run(
            [sys.executable, "-c", program.format(command)],
            cwd=project.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert "on Windows, install automl within WSL" in done.stderr
        assert not project.runs.exists()


def test_a_folder_of_runs_that_cannot_be_read_is_no_bug_of_ours(project: Project) -> None:
    assert project.automl("run", "-q").code == 0
    project.runs.rename(project.runs.with_name("there"))
    project.runs.write_text("no folder")
    assert project.automl("runs").code == 0
    project.runs.unlink()
    project.runs.with_name("there").rename(project.runs)
    (project.run() / "runner.log").unlink()
    (project.run() / "runner.log").mkdir()
    for words in (["run", "--resume", "last"], ["submit", "--resume", "last"]):
        done = project.automl(*words)
        assert (done.code, done.out) == (2, "")
        assert re.fullmatch(r'automl: cannot (read|write) ".*runner\.log": Is a directory\n', done.err)
