"""`automl run` as people and programs use it: a process with streams, a terminal, signals and a status."""

import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from automl.runtime.local.processes import members
from tests.running import CONFIG, Project, without_times
from tests.waiting import PATIENCE, until


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_run_says_how_it_goes_and_in_the_end_how_it_went(project: Project) -> None:
    done = project.automl("run", "--set", "lr=0.25")
    assert done.code == 0
    run = project.run()
    assert re.fullmatch(r"churn-[a-z0-9]{5}", run.name)
    first, *lines = without_times(done.err).splitlines()
    assert first == f"run {run.name}, in {run}"
    ends = ["prepare: succeeded after 0 s", "train: succeeded after 0 s", "check: succeeded after 0 s"]
    assert [line for line in lines if line in ends] == ends
    assert {*lines} - {*ends} <= {
        "prepare: running",
        "train: running",
        "check: running",
    }  # unless it is over at once
    first, _, head, *rows = without_times(done.out).splitlines()
    assert first == f"{run.name} succeeded after 0 s (3 succeeded)"
    assert head.split() == ["STEP", "STATE", "TIME"]
    assert rows[0].split() == ["prepare", "succeeded", "0", "s", "rows=1"]
    assert rows[1].endswith('scores={"auc": 0.25, "loss": 2}')


def test_the_record_has_the_config_as_it_was_given(project: Project) -> None:
    (project.folder / "automl.yaml").write_text(f"# as I wrote it: ä\n{CONFIG}")
    assert project.automl("run", "-q").code == 0
    assert (project.run() / "config.yaml").read_text() == f"# as I wrote it: ä\n{CONFIG}"
    assert json.loads((project.run() / "run.json").read_text())["params"] == {"lr": "0.5"}


def test_quiet_says_the_end_alone(project: Project) -> None:
    done = project.automl("run", "-q")
    assert (done.code, done.err) == (0, "")
    assert "(3 succeeded)" in done.out


def test_a_failure_is_said_with_the_end_of_its_log_and_the_run_can_go_on(project: Project) -> None:
    project.switch("fail", True)
    done = project.automl("run")
    run = project.run()
    assert done.code == 1
    assert without_times(done.out).splitlines()[0] == (
        f"{run.name} failed after 0 s (1 succeeded, 1 failed, 1 skipped)"
    )
    assert re.search(r"^train +failed +\S+ s +ended with status 1$", done.out, re.MULTILINE)
    assert re.search(r"^check +skipped +because of train$", done.out, re.MULTILINE)
    assert "The end of the log of train:\n  the learning rate is too high\n" in done.out
    assert f"automl run --resume {run.name} " in done.out

    project.switch("fail", False)
    again = project.automl("run", "--resume", "last")
    assert again.code == 0
    assert "(3 succeeded)" in again.out
    assert project.done() == ["prepare", "train", "train"]


def test_an_error_in_the_config_makes_no_run(project: Project) -> None:
    (project.folder / "automl.yaml").write_text(CONFIG.replace("step_name: train", "step_nmae: train"))
    done = project.automl("run")
    assert done.code == 1
    assert "step_nmae" in done.err
    assert not project.runs.exists()
    assert project.automl("run", "there.yaml").code == 2
    (project.folder / "automl.yaml").write_text(CONFIG)
    refused = project.automl("run", "--runs", os.devnull)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(f'automl: cannot write "{os.devnull}')
    assert project.automl("run", "--resume", "nothing").code == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_steps_and_then_the_command(project: Project, number: signal.Signals) -> None:
    project.switch("wait", True)
    process = project.start("run", start_new_session=True)
    until(lambda: project.done() == ["prepare", "train"])
    os.killpg(process.pid, number)  # as a terminal does
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert out.startswith(f"{project.run().name} stopped")
    assert f"automl run --resume {project.run().name}" in out
    assert [*members(project.run().name)] == []


def test_a_run_whose_program_was_killed_is_said_to_have_stopped(project: Project) -> None:
    project.switch("wait", True)
    process = project.start("run")
    until(lambda: project.done() == ["prepare", "train"])
    event = json.loads((project.run() / "events.jsonl").read_text().splitlines()[0])
    os.kill(event["pid"], signal.SIGKILL)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert f"its program has ended: `automl run --resume {project.run().name}`" in out
    until(lambda: not [*members(project.run().name)])


def test_on_a_terminal_a_table_is_drawn_anew(project: Project) -> None:
    project.switch("wait", True)
    ours, theirs = pty.openpty()
    process = project.start("run", stderr=theirs)
    os.close(theirs)
    drawn = b""
    while b"epoch 7 of 9" not in drawn:
        drawn += os.read(ours, 4096)
    project.switch("wait", False)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    text = drawn.decode()
    assert "✓ prepare" in text
    assert "▶ train" in text
    assert "\x1b[" in text
    assert "prepare: running" not in text
    assert "(3 succeeded)" in out
    os.close(ours)


def test_the_records_of_runs_are_no_part_of_the_project(project: Project) -> None:
    (project.folder / "automl.yaml").write_text(f'{CONFIG}code: {{bundle: {{include: ["**"]}}}}\n')
    assert project.automl("run", "-q").code == 0
    (project.runs / ".gitignore").unlink()  # whatever git is told
    packed = project.automl("files", "--packed").out.splitlines()
    assert packed == ["check.py", "prepare.py", "train.py"]


@pytest.mark.parametrize("command", ["compile", "validate"])
def test_what_compiles_imports_nothing_that_runs_or_explains_mistakes(project: Project, command: str) -> None:
    program = f"""
import sys, os
sys.argv = ["automl", "{command}", "-t", "argo"]
from automl.cli import app
os._exit = lambda status: None
app.main()
names = ("automl.runs", "automl.runtime.local", "automl.cli.running", "rich", "hashlib", "_hashlib")
names += ("automl.cli.options_of_runs", "automl.cli.placing", "automl.cli.output", "automl.compiler.bundle_size")
names += ("automl.compiler.tree.syntax_errors", "automl.compiler.tree.indentation", "automl.targets.dag.blocks")
names += ("automl.compiler.structure.vocabulary", "automl.compiler.expressions.evaluate", "automl.compiler.expressions.types")
print([name for name in sys.modules if name.startswith(names)], file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.splitlines()[-1] == "[]"


def test_chosen_steps_run_with_what_the_others_have_left(project: Project) -> None:
    assert project.automl("run", "-q").code == 0
    only = project.automl("run", "--only", "train", "--set", "lr=0.75", "-q")
    assert only.code == 0
    assert re.search(r"^prepare +skipped +taken from churn-", only.out, re.MULTILINE)
    assert re.search(r"^check +skipped +not chosen$", only.out, re.MULTILINE)
    assert '"auc": 0.75' in only.out
    since = project.automl("run", "--from", "train", "-q")
    assert since.code == 0
    assert "(2 succeeded, 1 skipped)" in since.out
    assert project.done() == ["prepare", "train", "train", "train"]
    taken = project.automl("get", "last", "table", "-o", "taken")
    assert (project.folder / "taken" / "table").read_text() == "a,b\n1,2\n", taken.err


@pytest.mark.parametrize("command", ["run", "submit"])
@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--only", "tarin"), 'there is no step "tarin"; did you mean "train"?'),
        (("--from", "evaluate"), 'there is no step "evaluate"; the steps are prepare, train, check'),
        (("--only", "prepare", "--only", ""), 'there is no step ""; the steps are prepare, train, check'),
        (("--only", "train"), "no earlier run has what is taken from prepare (table); run these steps, too"),
    ],
)
def test_steps_that_cannot_be_run_make_no_run(
    command: str, words: tuple[str, ...], problem: str, project: Project
) -> None:
    done = project.automl(command, *words)
    assert (done.code, done.out, done.err) == (2, "", f"automl: {problem}\n")
    assert not project.runs.exists()


def test_a_run_that_cannot_go_on_so_stays_as_it_is(project: Project) -> None:
    assert project.automl("run", "-q").code == 0
    events = (project.run() / "events.jsonl").read_bytes()
    assert project.automl("run", "--resume", "last", "--only", "tarin").code == 2
    assert (project.run() / "events.jsonl").read_bytes() == events
    again = project.automl("run", "--resume", "last", "--only", "train", "-q")
    assert again.code == 0, again
    assert project.done() == ["prepare", "train", "train"]


def test_a_run_is_not_resumed_while_it_goes_on(project: Project) -> None:
    project.switch("wait", True)
    process = project.start("run")
    until(lambda: project.done() == ["prepare", "train"])
    done = project.automl("run", "--resume", "last")
    assert (done.code, done.out) == (2, "")
    assert f"{project.run().name} is running already" in done.err
    project.switch("wait", False)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def test_the_commands_of_the_page_work_one_after_the_other(project: Project) -> None:
    page = (Path(__file__).parents[2] / "docs" / "run.md").read_text()
    for path in project.folder.iterdir():
        path.unlink()
    (project.folder / "automl.yaml").write_text(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0])
    for name, text in re.findall(r"```python\n# (\S+)\n(.*?)```", page, re.DOTALL):
        (project.folder / name).write_text(text)
    here = page.replace(page[page.index("## On another machine") : page.index("## Environments")], "")
    commands = re.findall(r"^automl (.*?)(?: +#.*)?$", here, re.MULTILINE)
    assert len(commands) >= 14
    for command in commands:
        done = project.automl(*shlex.split(command))
        assert done.code == 0, (command, done)
    assert (project.folder / "models" / "model").read_text() == "always"


IMAGES = """\
name: churn
stages:
  all:
    - {step_name: script, path_to_executable: check.py}
    - step_name: image
      image: busybox:1
      entrypoint: ["true"]
      sweep: {grid: {size: [1, 2]}}
"""


@pytest.mark.parametrize("verb", ["run", "submit"])
def test_images_are_refused_where_nothing_runs_them_before_there_is_a_run(
    verb: str, project: Project
) -> None:
    (project.folder / "automl.yaml").write_text(IMAGES)
    project.environment["PATH"] = str(project.folder / "nothing")
    done = project.automl(verb)
    assert done.code == 1
    assert (
        'error[AML601]: to run "image" in an image takes podman or docker, and neither is on the PATH\n'
        " --> automl.yaml:6:7\n" in done.err
    )
    assert "= help: `apt-get install podman` (on a Mac `brew install podman`) installs one" in done.err
    assert done.err.count("error[") == 1
    assert not project.runs.exists()
    assert project.automl("run", "--only", "script", "-q").code == 0
