"""Runs on another machine, by a real sshd on loopback and the user's own ssh."""

import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from automl.runtime.local.processes import members
from tests.conformance import sshd
from tests.conformance.sshd import Box
from tests.running import CONFIG, Done, Project
from tests.waiting import PATIENCE, until

CONTEXTS = "contexts: {box: {target: local, host: box}, here: {}}\n"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    environment = {"PATH": "/usr/bin:/bin", "TRACE": str(tmp_path / "trace")}
    with sshd.box(tmp_path / "box", environment) as started:
        yield started


@pytest.fixture
def project(tmp_path: Path, box: Box) -> Project:
    """A project here, whose steps leave a trace on the box."""
    project = Project(tmp_path)
    (project.folder / "automl.yaml").write_text(CONTEXTS + CONFIG)
    project.environment["PATH"] = f"{box.path}:{os.environ['PATH']}"
    del project.environment["TRACE"]
    return project


def on_box(project: Project, *words: str) -> Done:
    return project.automl(*words, "--context", "box")


def told(project: Project, *words: str) -> Any:
    done = on_box(project, *words, "--format", "json")
    assert (done.code, done.err) == (0, ""), done
    return json.loads(done.out)


def begun(project: Project) -> str:
    """The name of a run whose `train` waits."""
    project.switch("wait", True)
    done = on_box(project, "submit")
    assert (done.code, done.err) == (0, "")
    until(lambda: project.done() == ["prepare", "train"])
    return done.out.strip()


def succeeded(project: Project) -> None:
    until(lambda: told(project, "status")["state"] == "succeeded")


def test_a_run_is_submitted_and_looked_at(project: Project, box: Box) -> None:
    name = begun(project)
    assert re.fullmatch(r"churn-[a-z0-9]{5}", name)
    assert (box.runs / name / "run.json").exists()
    assert not project.runs.exists()
    status = told(project, "status")
    assert (status["id"], status["state"]) == (name, "running")
    assert [task["state"] for task in status["tasks"]] == ["succeeded", "running", "waiting"]
    assert told(project, "status", name[-5:])["id"] == name
    assert f"automl logs {name} -f --context box " in on_box(project, "status").out
    assert on_box(project, "logs", "last", "train").out == "epoch 7 of 9\n"

    following = project.start("logs", name, "-f", "--context", "box")
    assert [run["id"] for run in told(project, "runs")] == [name]
    assert [run["run"] for run in told(project, "runs", "--queued")] == [name]
    refused = on_box(project, "delete", name)
    assert refused.code == 2
    assert f"automl: box: {name} is running" in refused.err
    project.switch("wait", False)
    out, err = following.communicate(timeout=PATIENCE)
    assert (following.returncode, err) == (0, "")
    printed = ["prepare | preparing", "train   | epoch 7 of 9", "check   | checked"]
    assert sorted(out.splitlines()) == sorted(printed)
    succeeded(project)
    assert on_box(project, "get", name, "model", "-o", "models").out == "models/model\n"
    assert (project.folder / "models" / "model").read_text() == "a,b\n1,2\n"
    assert on_box(project, "get", name, "model", "-o", "models").code == 2
    assert on_box(project, "delete", name).code == 0
    assert told(project, "runs") == []
    assert [*box.runs.iterdir()] == [box.runs / ".gitignore"]


def test_a_run_is_stopped_and_goes_on(project: Project, box: Box) -> None:
    name = begun(project)
    assert on_box(project, "stop", "last").out == f"{name} stopped\n"
    assert [*members(name)] == []
    project.switch("wait", False)
    advised = re.findall(r"^automl (submit .*?) +#", on_box(project, "status").out, re.MULTILINE)
    assert advised == [f"submit --resume {name} --context box"]
    assert project.automl(*advised[0].split()).out == f"{name}\n"
    succeeded(project)
    assert project.done() == ["prepare", "train", "train"]
    again = on_box(project, "submit", "--resume", name)
    assert (again.code, again.out) == (0, f"{name}\n")


def test_what_is_advised_works_from_where_it_is_advised(project: Project) -> None:
    project.switch("fail", True)
    place = project.folder
    project.folder = place.parent
    done = on_box(project, "submit", "-f", "-q", "project")
    assert done.code == 1
    assert "the learning rate is too high" in done.out
    commands = re.findall(r"^automl (.*?) +#", done.out, re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["logs", "submit"]
    assert project.automl(*commands[0].split()).out == "the learning rate is too high\n"
    project.switch("fail", False)
    assert project.automl(*commands[1].split(), "-f").code == 0


def test_who_follows_can_go_while_the_run_goes_on(project: Project, box: Box) -> None:
    project.switch("wait", True)
    submitting = project.start("submit", "-f", "--context", "box")
    assert submitting.stdout is not None
    name = submitting.stdout.readline().strip()
    until(lambda: project.done() == ["prepare", "train"])
    following = project.start("logs", name, "-f", "--context", "box")
    assert following.stdout is not None
    assert following.stdout.readline()
    until(lambda: box.commands() == ["python3", "python3"])
    for process in (submitting, following):
        for pid in sshd.below(process.pid):  # a terminal interrupts these, too; they may hear it first
            os.kill(pid, signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 130
    until(lambda: not box.commands())  # nobody goes on answering
    assert told(project, "status")["state"] == "running"
    project.switch("wait", False)
    succeeded(project)


def test_a_run_goes_on_when_the_connection_is_cut(project: Project, box: Box) -> None:
    project.switch("wait", True)
    process = project.start("submit", "-f", "--context", "box")
    assert process.stdout is not None
    name = process.stdout.readline().strip()
    until(lambda: project.done() == ["prepare", "train"])
    assert process.stderr is not None
    while "train: running" not in process.stderr.readline():
        pass
    box.cut()
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    first, last = err.splitlines()
    assert first.startswith('automl: the connection to "box" has ended: ')
    assert last == (
        f"automl: {name} goes on: `automl logs {name} -f --context box`, `automl stop {name} --context box`"
    )
    assert told(project, "status")["state"] == "running"
    box.server.terminate()
    box.server.wait()
    project.switch("wait", False)
    until(lambda: '"run.ended"' in (box.runs / name / "events.jsonl").read_text())


def test_an_answer_that_is_cut_off_is_none(project: Project, box: Box) -> None:
    assert on_box(project, "submit", "-f", "-q").code == 0
    box.pipe_through(f"tee {box.folder}/answer")
    assert on_box(project, "status").code == 0
    whole = (box.folder / "answer").stat().st_size
    for size in (whole - 1, whole - 2, whole // 2):
        box.pipe_through(f"head -c {size}")
        done = on_box(project, "status", "--format", "json")
        assert (done.code, done.out) == (2, ""), size
        assert 'the connection to "box" has ended' in done.err
    box.pipe_through("head -c 600")
    assert on_box(project, "get", "last", "-o", "results").code == 2
    assert [*(project.folder / "results").iterdir()] == []


@pytest.mark.parametrize("user", sshd.SHELLS)
def test_what_a_shell_prints_by_itself_is_no_part_of_an_answer(project: Project, box: Box, user: str) -> None:
    noise = 'echo hello; echo oops >&2; head -c 300000 /dev/zero; printf "{\\"id\\": 1}\\n+3\\nabc"\n'
    for name in (".bashrc", ".profile", ".zshrc", ".tcshrc", ".zshenv"):
        (box.home / name).write_text(noise)
    if user == "dash":
        box.add_to_environment(ENV=str(box.home / ".profile"))
    config = project.folder / "automl.yaml"
    config.write_text(config.read_text().replace("host: box", f"host: {user}@box"))
    done = on_box(project, "submit")
    assert re.fullmatch(r"churn-[a-z0-9]{5}\n", done.out), done
    succeeded(project)


def test_files_of_the_home_folder_are_no_modules(project: Project, box: Box) -> None:
    for name in ("json", "queue", "zlib", "sitecustomize", "automl"):
        (box.home / f"{name}.py").write_text("raise SystemExit('not I')")
    assert on_box(project, "submit", "-f", "-q").code == 0


def test_secrets_are_those_of_the_box(project: Project, box: Box) -> None:
    for home, word in ((box.home, "there"), (Path(project.environment["HOME"]), "here")):
        folder = home / ".config" / "automl" / "secrets" / "store"
        folder.mkdir(parents=True, mode=0o700)
        (folder / "KEY").write_text(word)
        (folder / "KEY").chmod(0o600)
    config = project.folder / "automl.yaml"
    step = "path_to_executable: prepare.py\n"
    config.write_text(
        config.read_text().replace(step, f"{step}      secrets: [{{name: store, keys: {{KEY: K}}}}]\n")
    )
    (project.folder / "prepare.py").write_text(
        "import os\nprint(os.environ['K'] + '!')\n" + (project.folder / "prepare.py").read_text()
    )
    assert on_box(project, "submit", "-f", "-q").code == 0
    assert "there!" in on_box(project, "logs", "last", "prepare").out


HOSTILE = "a'b\"c $(touch /tmp/x) `id` \\ \n ; exit 1 # ! %h %s é 😀 \t*"


def test_hostile_texts_arrive(project: Project) -> None:
    (project.folder / "prepare.py").write_text(
        "import os, pathlib\n"
        "text = os.environ['AUTOML_PARAM_TEXT']\n"
        "print(text)\n"
        "pathlib.Path(os.environ['AUTOML_OUTPUT_SAID']).write_text(text)\n"
        "folder = pathlib.Path(os.environ['AUTOML_OUTPUT_TREE'])\n"
        "folder.mkdir()\n"
        "(folder / text.replace('/', '|')).write_text(text)\n"
    )
    config = {
        "name": "odd",
        "contexts": {"box": {"host": "box"}},
        "params": {"text": ""},
        "stages": {
            "a": [
                {
                    "step_name": "a",
                    "path_to_executable": "prepare.py",
                    "outputs": {"said": "text", "tree": "dataset"},
                }
            ]
        },
    }
    (project.folder / "automl.yaml").write_text(json.dumps(config))
    assert on_box(project, "submit", "-f", "-q", "--set", f"text={HOSTILE}").code == 0
    assert told(project, "status")["params"] == {"text": HOSTILE}
    assert on_box(project, "logs", "last", "a").out == f"{HOSTILE}\n"
    assert on_box(project, "get", "last", "-o", "odd").code == 0
    assert (project.folder / "odd" / "a" / "said").read_text() == HOSTILE
    [file] = (project.folder / "odd" / "a" / "tree").iterdir()
    assert (file.name, file.read_text()) == (HOSTILE.replace("/", "|"), HOSTILE)
    for word in (HOSTILE, "-x", "--now", "", "../..", "*"):
        unknown = project.automl("status", "--context", "box", "--", word)
        assert (unknown.code, unknown.out) == (2, ""), word
        assert unknown.err.startswith("automl: box: "), word
        assert unknown.err.count("\n") == 1, word


def test_two_are_submitted_at_once(project: Project) -> None:
    processes = [project.start("submit", "-f", "-q", "--context", "box") for _ in range(4)]
    outs = [process.communicate(timeout=PATIENCE)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    assert len({out.split()[0] for out in outs}) == 4
    assert len(told(project, "runs")) == 4


def test_a_script_is_run_in_a_context_of_the_config_around_it(project: Project) -> None:
    done = on_box(project, "submit", "check.py", "-f", "-q")
    assert done.code == 0
    assert done.out.startswith("check-")
    assert on_box(project, "logs").out == "check | checked\n"


def test_steps_are_chosen(project: Project, box: Box) -> None:
    unknown = on_box(project, "submit", "--only", "tarin")
    assert (unknown.code, unknown.out) == (2, "")
    early = on_box(project, "submit", "--from", "train")
    assert (early.code, early.out) == (2, "")
    assert early.err.startswith("automl: box: ")
    assert not box.runs.exists()
    assert on_box(project, "submit", "-f", "-q").code == 0
    assert on_box(project, "submit", "-f", "-q", "--from", "train").code == 0
    assert project.done() == ["prepare", "train", "train"]


def test_a_context_without_a_host_is_this_machine(project: Project, box: Box) -> None:
    project.environment["TRACE"] = str(project.trace)
    done = project.automl("submit", "--context", "here", "-f", "-q")
    assert done.code == 0
    assert project.run().name == done.out.split()[0]
    assert project.automl("status", "--context", "here").out == project.automl("status").out
    assert not box.runs.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["status", "--context", "bxo"], 'automl.yaml has no context "bxo"; did you mean "box"?'),
        (["submit", "--context", "cluster"], 'automl.yaml has no context "cluster"; it has box, here'),
        (
            ["runs", "--context", "box", "--runs", "x"],
            "--runs is for this machine; on another one the runs are in ~/.automl/runs",
        ),
        (["logs", "--config", "automl.yaml"], "--config is the config with the context: give --context, too"),
        (["run", "--context", "box"], "run is for this machine: `automl submit --follow --context box`"),
        (
            ["runs", "--context", "box", "--config", "x.yaml"],
            'cannot read "x.yaml": No such file or directory',
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(project: Project, words: list[str], message: str) -> None:
    done = project.automl(*words)
    assert (done.code, done.out, done.err) == (2, "", f"automl: {message}\n")


def test_without_a_config_there_is_no_context(project: Project) -> None:
    (project.folder / "automl.yaml").unlink()
    done = on_box(project, "status")
    assert done.code == 2
    assert done.err == "automl: there is no config here that could have contexts; --config names one\n"


def test_contexts_are_read_though_the_rest_of_the_config_is_wrong(project: Project) -> None:
    assert on_box(project, "submit", "-f", "-q").code == 0
    config = project.folder / "automl.yaml"
    config.write_text(config.read_text().replace("step_name", "step_nmae"))
    assert told(project, "status")["state"] == "succeeded"
    config.write_text(config.read_text().replace("host: box", "host: -oProxyCommand=true"))
    done = on_box(project, "status")
    assert (done.code, done.out) == (1, "")
    assert "error[AML104]" in done.err
    assert "step_nmae" not in done.err


def failed(project: Project, *words: str) -> str:
    """What is said where a machine cannot be asked; it is the same for every command."""
    said = set()
    for command in (
        ["status"],
        ["runs"],
        ["logs", "-f"],
        ["stop", "a"],
        ["get", "a"],
        ["delete", "a"],
        ["submit", "-f"],
    ):
        done = on_box(project, *command)
        assert (done.code, done.out) == (2, ""), done
        said.add(done.err)
    [text] = said
    return text


def test_a_machine_that_is_not_there_is_said_in_the_words_of_ssh(project: Project, box: Box) -> None:
    box.server.terminate()
    box.server.wait()
    text = failed(project)
    assert text.startswith('automl: cannot reach "box" by ssh: ssh: connect to host 127.0.0.1 port')
    assert text.endswith("Connection refused\n")


def test_who_may_not_come_in_is_told_so(project: Project, box: Box) -> None:
    (box.folder / "of_user.pub").unlink()
    assert failed(project).startswith('automl: cannot reach "box" by ssh: me@127.0.0.1: Permission denied')


def test_a_machine_with_another_key_is_not_believed(project: Project, box: Box) -> None:
    known = box.folder / "known_hosts"
    known.write_text(
        known.read_text().replace(
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAA"
        )
    )
    text = failed(project)
    assert text.startswith('automl: cannot reach "box" by ssh: ')
    assert text.endswith("Host key verification failed.\n")


def test_a_machine_without_python_is_named(project: Project, box: Box) -> None:
    box.add_to_environment(PATH="/nowhere")
    first, second = failed(project).splitlines()
    assert re.fullmatch(r'automl: cannot run python3 on "box": .*python3: .*not found', first)
    assert (
        second
        == "automl: Python 3.9 or newer has to be there as `python3`, on the PATH that ssh gives to commands"
    )


def test_a_machine_with_an_old_python_is_named(project: Project, box: Box) -> None:
    python = box.home / "bin" / "python3"
    python.parent.mkdir()
    program = "import sys; sys.version_info = (3, 6, 8); sys.version = '3.6.8 (old)'; exec(sys.argv[-1])"
    python.write_text(f'#!/bin/sh\nexec /usr/bin/python3 -c "{program}" "$@"\n')
    python.chmod(0o755)
    box.add_to_environment(PATH=f"{python.parent}:/usr/bin:/bin")
    text = "automl: box: Python 3.9 or newer is needed there; python3 is 3.6.8\n"
    assert failed(project) == text


def test_a_full_or_forbidden_disk_there_is_said(project: Project, box: Box) -> None:
    (box.home / ".automl").write_text("no folder")
    done = on_box(project, "submit")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"automl: box: Not a directory: {box.home}/.automl")


def test_without_ssh_it_is_said_what_to_install(project: Project, box: Box) -> None:
    project.environment["PATH"] = str(box.home)
    assert failed(project) == 'automl: there is no program "ssh" on the PATH; install OpenSSH\n'


def test_a_config_of_ssh_that_is_for_people_is_no_hindrance(project: Project, box: Box) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        box.add_to_config(
            f"LocalForward 127.0.0.1:{port} 127.0.0.1:1\n ExitOnForwardFailure yes\n RemoteCommand tmux attach\n RequestTTY yes"
        )
        assert on_box(project, "submit", "-f", "-q").code == 0


def test_connections_can_be_shared(project: Project, box: Box) -> None:
    """The connection that stays in the background keeps what it has inherited, and nobody waits for that."""
    box.add_to_config(f"ControlMaster auto\n ControlPath {box.folder}/%r\n ControlPersist 60")
    try:
        assert on_box(project, "submit", "-f", "-q").code == 0
        assert (box.folder / sshd.USER).is_socket()
        assert told(project, "status")["state"] == "succeeded"
        box.add_to_environment(PATH="/nowhere")
        assert "cannot run python3" in on_box(project, "status").err
    finally:
        subprocess.run([box.path / "ssh", "-O", "exit", "box"], capture_output=True, check=False)


def test_the_commands_of_the_page_work_one_after_the_other(project: Project) -> None:
    page = (Path(__file__).parents[2] / "docs" / "run.md").read_text()
    section = page[page.index("## On another machine") : page.index("## Environments")]
    [host] = re.findall(r"{(host: .*?)}", section)
    config = project.folder / "automl.yaml"
    config.write_text(config.read_text().replace("host: box", host))
    commands = re.findall(r"^automl (?!context )(.*?)(?: +#.*)?$", section, re.MULTILINE)
    assert {command.split()[0] for command in commands} == {"submit", "status", "logs", "get"}
    for command in commands:
        done = project.automl(*command.split())
        assert done.code == 0, (command, done)
    assert [*project.folder.glob("churn-*/model")]
