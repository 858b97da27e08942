"""Programs that are to run the same run: one at a time, and none is taken for a process of the run and killed as such."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from automl.runtime.local.create import Program, create
from automl.runtime.local.ending import stop
from automl.runtime.local.plan import Git, Plan, Secret
from tests.runtime.local.plans import MODULES, finish, new_run, processes_of, runner, shell, states
from tests.waiting import PATIENCE, until


def run_that_waits(tmp_path: Path) -> Path:
    """A run of one task, which says that it is there, and ends when there is a file `go`."""
    text = f"echo a >> {tmp_path}/trace; until test -e {tmp_path}/go; do sleep 0.01; done"
    return new_run(tmp_path, [shell("a", text)])


def begun(folder: Path) -> "subprocess.Popen[str]":
    """The program that runs it; its task has begun."""
    program = runner(folder)
    until((folder.parent / "trace").exists)
    return program


def guard_of(program: "subprocess.Popen[str]") -> int:
    """The process that looks after the end of a program."""
    children = Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split()
    [guard] = [int(child) for child in children if b"guard" in Path(f"/proc/{child}/cmdline").read_bytes()]
    return guard


def has_open(program: "subprocess.Popen[str]", file: Path) -> bool:
    """Whether a program has a file open; others that it has may be closed meanwhile."""
    for link in Path(f"/proc/{program.pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            if link.readlink() == file:
                return True
    return False


def test_two_programs_do_not_run_one_run(tmp_path: Path) -> None:
    folder = run_that_waits(tmp_path)
    first = begun(folder)
    status, text = finish(folder)
    assert (status, text) == (2, f"automl: {folder.name} is running already\n")
    (tmp_path / "go").touch()
    said, _ = first.communicate(timeout=PATIENCE)
    assert (first.returncode, (tmp_path / "trace").read_text()) == (0, "a\n"), said


def test_a_program_that_ends_does_not_end_the_next_one(tmp_path: Path) -> None:
    folder = run_that_waits(tmp_path)
    first, second = begun(folder), runner(folder)
    second.send_signal(signal.SIGSTOP)
    (tmp_path / "go").touch()
    first.communicate(timeout=PATIENCE)
    second.send_signal(signal.SIGCONT)
    said, _ = second.communicate(timeout=PATIENCE)
    assert (second.returncode, states(folder)) == (0, {"a": "succeeded"}), said
    assert (tmp_path / "trace").read_text() == "a\n"


def test_a_program_that_was_killed_is_followed_by_the_next_one_when_its_guard_is_done(tmp_path: Path) -> None:
    folder = run_that_waits(tmp_path)
    first = begun(folder)
    guard = guard_of(first)
    os.kill(guard, signal.SIGSTOP)
    first.kill()
    first.wait(timeout=PATIENCE)
    second = runner(folder)
    until(lambda: has_open(second, folder / "lock"))
    (tmp_path / "go").touch()
    os.kill(guard, signal.SIGCONT)
    first.communicate(timeout=PATIENCE)
    said, _ = second.communicate(timeout=PATIENCE)
    assert (second.returncode, states(folder)) == (0, {"a": "succeeded"}), said


@pytest.mark.parametrize("then", ["stopped", "gone on with"])
def test_a_try_that_has_not_become_its_command_is_ended_though_it_looks_like_the_program(
    tmp_path: Path, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for the text of its secret, and nobody but the record of the run knows that it is a try."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    key = tmp_path / "automl" / "secrets" / "token" / "key"
    key.parent.mkdir(mode=0o700, parents=True)
    key.write_text("text")
    key.chmod(0o600)
    hides = shell("a", f"rm {key}; mkfifo -m 600 {key}")
    folder = new_run(
        tmp_path, [hides, shell("b", "true", ["a"], secrets=[Secret("token", {"key": "TOKEN"})])]
    )
    first = runner(folder)
    until(lambda: states(folder)["b"] == "running" and (folder / "tasks" / "b" / "work").exists())
    os.kill(guard_of(first), signal.SIGKILL)
    first.kill()
    first.wait(timeout=PATIENCE)
    until(lambda: len([*processes_of(folder)]) == 1)  # the guard dies, too
    key.unlink()
    key.write_text("text")
    key.chmod(0o600)
    if then == "stopped":
        stop(folder)
    else:
        status, said = finish(folder)
        assert status == 0, said
    first.communicate(timeout=PATIENCE)
    assert not [*processes_of(folder)]


def test_what_a_program_itself_has_begun_is_ended_by_its_guard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text(
        f"#!/bin/sh\necho $$ > {tmp_path}/new && mv {tmp_path}/new {tmp_path}/trace && exec sleep 1000\n"
    )
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{git.parent}:{os.environ['PATH']}")
    plan = Plan("test", [shell("a", "true")], git=Git("file:///nowhere", "main"))
    first = begun(create(Program(plan.to_json(), MODULES), tmp_path))
    first.kill()
    first.communicate(timeout=PATIENCE)
    until(lambda: not Path(f"/proc/{(tmp_path / 'trace').read_text().strip()}").exists())
