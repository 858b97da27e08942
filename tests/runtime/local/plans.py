"""Runs that are made from plans, without a compiler, for the tests of what runs them."""

import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from automl.runtime import local_scripts
from automl.runtime.local.create import Program, create
from automl.runtime.local.history import History, history_of
from automl.runtime.local.plan import Plan, Task
from automl.runtime.local.processes import PROGRAM, RUN, variables_of_program
from automl.runtime.local.record import events_of
from tests.waiting import PATIENCE

MODULES = local_scripts()


def shell(name: str, text: str, after: Sequence[str] = (), **more: Any) -> Task:
    """A task that runs a text in the shell."""
    return Task(name, "stage", name, ["sh", "-c", text], [*after], project=True, **more)


def packed(files: Mapping[str, str]) -> bytes:
    """The files of a project."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text.encode()), 0o755
            archive.addfile(entry, io.BytesIO(text.encode()))
    return target.getvalue()


def new_run(runs: Path, tasks: Sequence[Task], files: Mapping[str, str] | None = None) -> Path:
    """The folder of a new run of these tasks."""
    plan = Plan("test", [*tasks])
    return create(Program(plan.to_json(), MODULES, packed(files or {})), runs)


def runner(folder: Path, *options: str, **more: Any) -> "subprocess.Popen[str]":
    """The program that runs it, or goes on with it, in a session of its own."""
    entry = folder / "runtime" / "local" / "entry.py"
    return subprocess.Popen(
        [sys.executable, str(entry), "runner", str(folder), *options],
        env=variables_of_program(folder.name),
        start_new_session=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **more,
    )


def finish(folder: Path, *options: str) -> tuple[int, str]:
    """Run it, or go on with it, to its end: the status, and what was said."""
    process = runner(folder, *options)
    try:
        text, _ = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        text, _ = process.communicate()
        raise AssertionError(f"it does not end:\n{text}") from None
    return process.returncode, text


def history(folder: Path) -> History:
    """What has become of a run."""
    tasks = json.loads((folder / "plan.json").read_text())["tasks"]
    return history_of(events_of(folder), [task["name"] for task in tasks])


def states(folder: Path) -> dict[str, str]:
    """How its tasks are."""
    return {name: task.state for name, task in history(folder).tasks.items()}


def processes_of(folder: Path, sessions: AbstractSet[str] = frozenset()) -> Iterator[str]:
    """The processes that live in whose environment the run stands, its program too, or that are in one of the sessions."""
    for entry in Path("/proc").iterdir():
        try:
            environment = (entry / "environ").read_bytes() if entry.name.isdecimal() else b""
            state, _, _, session, *_ = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes()
        except (OSError, ValueError):
            continue
        marks = {f"{name}={folder.name}".encode() for name in (RUN, PROGRAM)}
        is_of_run = not marks.isdisjoint(environment.split(b"\0"))
        if state not in "ZX" and (session in sessions or is_of_run):
            yield f"{entry.name} {command!r}"
