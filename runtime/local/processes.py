"""The processes of a run: who lives, who belongs to it, and how all of it is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

RUN, TASK = "AUTOML_RUN_ID", "AUTOML_TASK"
PROGRAM = "AUTOML_RUNNER"  # of what runs a run, and of a try that has not become its command
PROC = Path("/proc")
PR_SET_CHILD_SUBREAPER = 36
PATIENCE = 5  # seconds, for killing


def started_at(pid: int) -> str:
    """When a process began, in words that no other process with its number has; nothing if there is none."""
    if PROC.joinpath("self").exists():
        try:
            stat = PROC.joinpath(str(pid), "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        state, *numbers = stat.rpartition(")")[2].split()
        return "" if state in "ZX" else f"{_boot()}.{numbers[18]}"
    listed = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip()


def is_alive(pid: int, started: str) -> bool:
    """Whether the process with this number is still the one that began then."""
    return bool(started) and started_at(pid) == started


def take_charge(run: str) -> None:
    """Have all that this process begins be of the run, and look after it."""
    os.environ[RUN] = run
    adopt_orphans()


def adopt_orphans() -> None:
    """Become the parent of what processes of this run leave behind, where the system can do so."""
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_group(leader: int, number: int = signal.SIGKILL) -> None:
    """Send a signal to the group of processes that one leads."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def end_child(child: int, number: int = signal.SIGKILL) -> None:
    """Send a signal to a child and to the group that it leads, or will lead in a moment."""
    try:
        os.killpg(child, number)
    except (ProcessLookupError, PermissionError):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(child, number)


def end_children(kept: AbstractSet[int]) -> None:
    """Kill the children of this process, and those that become so by that, whatever their environment says."""
    end = time.monotonic() + PATIENCE
    while (pids := (children() or set()) - kept) and time.monotonic() < end:
        for pid in pids:
            end_child(pid)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def is_of_this_boot(started: str) -> bool:
    """Whether the machine is still up since a process began: the numbers of processes mean nothing otherwise."""
    return started.partition(".")[0] == _boot()


def variables_of_program(run: str) -> dict[str, str]:
    """The environment of a program that runs a run, or waits until no other does: it is no process of the run yet."""
    return {**{name: text for name, text in os.environ.items() if name != RUN}, PROGRAM: run}


class Process(NamedTuple):
    """What is to be seen of a process."""

    pid: int
    parent: int
    session: int
    variables: AbstractSet[bytes]  # those that it began with, each `NAME=TEXT`


def members(run: str, task: str = "", sessions: AbstractSet[int] = frozenset()) -> set[int]:
    """The processes of a run, or of one task: those in whose environment it stands, and all that these have begun.

    In the sessions are such, too, unless another process leads one by now. A program that runs it leads none of them.
    """
    wanted = {f"{RUN}={run}".encode()} | ({f"{TASK}={task}".encode()} if task else set())
    living = {process.pid: process for process in _living()}
    living.pop(os.getpid(), None)
    pids = {pid for pid, process in living.items() if wanted <= process.variables}
    forked = f"{PROGRAM}={run}".encode()
    pids |= {pid for pid in sessions & living.keys() if forked in living[pid].variables}
    own_sessions = sessions - (living.keys() - pids)
    pids |= {pid for pid, process in living.items() if process.session in own_sessions}
    while more := {pid for pid, process in living.items() if process.parent in pids} - pids:
        pids |= more
    return pids


def end_members(run: str, task: str = "", sessions: AbstractSet[int] = frozenset()) -> None:
    """Kill all of them, and what they begin meanwhile; after some seconds there is nothing more that could be done."""
    end = time.monotonic() + PATIENCE
    while (pids := members(run, task, sessions)) and time.monotonic() < end:
        sessions = sessions | pids  # those that one of them leads; it may begin something just now
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)


def _living() -> Iterator[Process]:
    for entry in PROC.iterdir() if PROC.joinpath("self").exists() else ():
        if entry.name.isdecimal():
            with suppress(OSError):  # it has ended, or is of another user
                stat = entry.joinpath("stat").read_text(encoding="utf-8", errors="replace")
                state, parent, _, session, *_ = stat.rpartition(")")[2].split()
                variables = frozenset(entry.joinpath("environ").read_bytes().split(b"\0"))
                if state not in "ZX":
                    yield Process(int(entry.name), int(parent), int(session), variables)


def children() -> set[int] | None:
    """The processes that this one is the parent of; None where that cannot be seen."""
    try:
        text = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
    except OSError:
        return None
    return set(map(int, text.split()))


def _boot() -> str:
    with suppress(OSError):
        return PROC.joinpath("sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:8]
    return ""
