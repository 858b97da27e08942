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

RUN, TASK = "AUTOML_RUN_ID", "AUTOML_TASK"
PROC = Path("/proc")
PR_SET_CHILD_SUBREAPER = 36


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


def end_children(kept: AbstractSet[int], seconds: float = 5) -> None:
    """Kill the children of this process, and those that become so by that, whatever their environment says."""
    end = time.monotonic() + seconds
    while (pids := (children() or set()) - kept) and time.monotonic() < end:
        for pid in pids:
            end_child(pid)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def members(run: str, task: str | None = None) -> Iterator[int]:
    """The processes of a run, or of one task: those in whose environment it stands, whatever group they are in."""
    wanted = {f"{RUN}={run}".encode()} | ({f"{TASK}={task}".encode()} if task else set())
    for entry in PROC.iterdir() if PROC.joinpath("self").exists() else ():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            with suppress(OSError):
                if wanted <= set(entry.joinpath("environ").read_bytes().split(b"\0")):
                    yield int(entry.name)


def end_members(run: str, task: str | None = None, seconds: float = 5) -> None:
    """Kill all of them, and what they begin meanwhile; after some seconds there is nothing more that could be done."""
    end = time.monotonic() + seconds
    while (pids := [*members(run, task)]) and time.monotonic() < end:
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


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
