"""Runs a plan on this machine, task by task, and writes down what happens: killed at any moment, it can go on.

    runner FOLDER [--jobs N]

It ends with status 0 if all tasks have succeeded, with 1 if not, with 130 if it was stopped.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from automl.runtime.local import processes
from automl.runtime.local.attempt import Place, begin
from automl.runtime.local.history import RUNNING, SUCCEEDED, history_of
from automl.runtime.local.plan import Plan
from automl.runtime.local.plan import Task as Spec
from automl.runtime.local.record import Record
from automl.runtime.states import Run, State, Task

GRACE = 10  # seconds, between asking a task to end and ending it
INTERRUPTED = 130


class LocalTask(Task):
    """A task of the plan, and the process of its try."""

    def __init__(self, spec: Spec, place: Place) -> None:
        super().__init__(spec.name, spec.after)
        self.spec, self.place = spec, place
        self.tries = 0
        self.pid = 0
        self.end_by: float | None = None  # seconds of the clock that only goes forward
        self.is_late = False
        self.values: dict[str, str] = {}


class Runner:
    """Runs a plan in the folder of its record."""

    def __init__(self, folder: Path, jobs: int) -> None:
        self.folder, self.id = folder, folder.name
        self.plan = Plan.from_json((folder / "plan.json").read_text(encoding="utf-8"))
        self.record = Record(folder)
        self.tasks = {spec.name: LocalTask(spec, Place(folder, spec.name)) for spec in self.plan.tasks}
        barriers = {barrier.name: barrier.after for barrier in self.plan.barriers}
        self.run = Run([*self.tasks.values()], barriers, jobs)
        self.by_pid: dict[int, LocalTask] = {}
        self.stops = 0  # so often it was asked to end

    def finish(self) -> int:
        """Run what has not run yet; return the exit status."""
        self.recover()
        self.record.add("run.running")
        while not self.stops:
            self.begin_all()
            if self.run.has_ended():
                break
            self.wait()
        return self.end()

    def recover(self) -> None:
        """Go on behind what an earlier program has done, of which nothing may live any more."""
        events = self.record.open()
        processes.end_members(self.id)
        history = history_of(events, self.tasks)
        for name, known in history.tasks.items():
            task = self.tasks[name]
            if known.state == RUNNING and not processes.PROC.exists():
                processes.end_group(known.pid)
            if known.state == SUCCEEDED and task.spec.service is None:
                task.values = known.values
                task.end(State.SUCCEEDED, "succeeded before")
        pid = os.getpid()
        self.record.add("run.started", pid=pid, pid_started=processes.started_at(pid))

    def begin_all(self) -> None:
        """Begin what can begin now."""
        for task in self.run.startable():
            task.tries += 1
            spec = task.spec
            task.pid = begin(spec, task.place, self.id, self.values_for(spec))
            task.is_late = False
            task.end_by = None if spec.deadline is None else time.monotonic() + spec.deadline
            task.state = State.RUNNING
            self.by_pid[task.pid] = task
            self.tell("task.started", task, pid=task.pid, **{"try": task.tries})

    def values_for(self, spec: Spec) -> dict[str, str]:
        """The values of the variables of a task; all that it takes something of has succeeded."""
        return {variable: self.value(source) for variable, source in spec.values.items()}

    def value(self, source: dict[str, Any]) -> str:
        """What a source of the plan gives in this run."""
        if "run" in source:
            return {"id": self.id, "name": self.id}[source["run"]]
        task = self.tasks[source["task"]]
        return (
            str(task.place.outputs / source["output"])
            if source.get("file")
            else task.values[source["output"]]
        )

    def wait(self) -> None:
        """Wait until a process has ended, a deadline has passed, or somebody wants an end."""
        deadlines = [task.end_by for task in self.by_pid.values() if task.end_by is not None]
        seconds = max(0, min(deadlines) - time.monotonic()) if deadlines else None
        select.select([self.wakeup], [], [], seconds)
        while True:
            try:
                if len(os.read(self.wakeup, 4096)) < 4096:
                    break
            except BlockingIOError:
                break
        self.reap()
        self.end_late()

    def reap(self) -> None:
        """Take note of the processes that have ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            task = self.by_pid.pop(pid, None)
            if task is not None:
                self.has_ended(task, os.waitstatus_to_exitcode(status))

    def has_ended(self, task: LocalTask, status: int) -> None:
        """A try is over: so is the task, or it is tried again."""
        self.end_rest(task)
        if status == 0 and not task.is_late:
            task.values = task.place.values()
            task.end(State.SUCCEEDED, "succeeded")
            self.tell("task.ended", task, state="succeeded", values=task.values)
            return
        reason = self.reason(task, status)
        if task.tries <= task.spec.retries and not self.stops:
            task.state = State.WAITING
            self.tell("task.tried", task, reason=reason)
        else:
            task.end(State.FAILED, reason)
            self.tell("task.ended", task, state="stopped" if self.stops else "failed", reason=reason)

    def reason(self, task: LocalTask, status: int) -> str:
        """Why a try has failed."""
        if self.stops:
            return "stopped with the run"
        if task.is_late:
            return f"took longer than {task.spec.deadline} seconds"
        if status < 0:
            return f"ended by {signal.Signals(-status).name}"
        return f"ended with status {status}"

    def end_rest(self, task: LocalTask) -> None:
        """End what the processes of a task have left behind."""
        processes.end_group(task.pid)
        mine = processes.children()
        if mine is None or mine - self.by_pid.keys() - {self.guard.pid}:
            processes.end_members(self.id, task.name)
        task.pid, task.end_by = 0, None

    def end_late(self) -> None:
        """Ask those that take too long to end, then end them."""
        now = time.monotonic()
        for task in self.by_pid.values():
            if task.end_by is not None and task.end_by <= now:
                processes.end_group(task.pid, signal.SIGKILL if task.is_late else signal.SIGTERM)
                task.is_late, task.end_by = True, now + GRACE

    def end(self) -> int:
        """End what still runs, and write down how it went."""
        if self.stops:
            self.stop_all()
            self.record.add("run.ended", state="stopped", reason="stopped")
            return INTERRUPTED
        state = "succeeded" if self.run.has_succeeded() else "failed"
        for line in self.run.report():
            say(line)
        self.record.add("run.ended", state=state)
        return 0 if state == "succeeded" else 1

    def stop_all(self) -> None:
        """Ask all that runs to end, wait a while, then end it."""
        for task in self.by_pid.values():
            processes.end_group(task.pid, signal.SIGTERM)
            task.end_by, task.is_late = time.monotonic() + GRACE, True
        while self.by_pid:
            if self.stops > 1:
                for task in self.by_pid.values():
                    processes.end_group(task.pid)
            self.wait()
        processes.end_members(self.id)

    def tell(self, event: str, task: LocalTask, **details: Any) -> None:
        """Write down what has happened to a task, and say it."""
        self.record.add(event, task=task.name, **details)
        if task.state in (State.SUCCEEDED, State.FAILED):
            say(self.run.said(task))

    def watch(self) -> None:
        """Let signals and ends of processes wake this process, and the guard look after its own end."""
        self.wakeup, writer = os.pipe()
        for end in (self.wakeup, writer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.ask_to_end)
        processes.adopt_orphans()
        entry = Path(__file__).with_name("entry.py")
        self.guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(entry), "guard", self.id],
            stdin=subprocess.PIPE,
            start_new_session=True,
            env={},
        )

    def ask_to_end(self, *_: object) -> None:
        """Somebody wants the run to end."""
        self.stops += 1


def say(line: str) -> None:
    """A line for who looks on."""
    print(line, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Run, or go on with, the run in a folder."""
    parser = argparse.ArgumentParser(prog="runner")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    folder = options.folder.absolute()
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"automl: {folder.name} is running already")
    runner = Runner(folder, options.jobs)
    runner.watch()
    return runner.finish()
