"""Runs a plan on this machine, task by task, and writes down what happens: killed at any moment, it can go on.

    runner FOLDER [--jobs N] [--stop-services]

It ends with status 0 if all tasks have succeeded, with 1 if not, with 2 if the machine lacks what they need, with 130
if it was stopped.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from automl.runtime.local import guard, processes
from automl.runtime.local.attempt import Place, Setting
from automl.runtime.local.checkout import checked_out
from automl.runtime.local.history import RUNNING, SUCCEEDED, history_of
from automl.runtime.local.needs import missing
from automl.runtime.local.plan import Plan
from automl.runtime.local.record import Record
from automl.runtime.local.tasks import LocalTask, values_for
from automl.runtime.local.tries import Tries
from automl.runtime.local.turn import AtOnce, Turn
from automl.runtime.local.wakeup import Wakeup
from automl.runtime.states import Run, State

REFUSED, INTERRUPTED = 2, 130
BETWEEN_TURNS = 1  # seconds


class Runner:
    """Runs a plan in the folder of its record."""

    def __init__(self, folder: Path, options: argparse.Namespace, turn: Turn) -> None:
        self.folder, self.id, self.options, self.turn = folder, folder.name, options, turn
        self.plan = Plan.from_json((folder / "plan.json").read_text(encoding="utf-8"))
        self.record = Record(folder)
        self.tasks = {spec.name: LocalTask(spec, Place(folder, spec.name)) for spec in self.plan.tasks}
        barriers = {barrier.name: barrier.after for barrier in self.plan.barriers}
        self.run = Run([*self.tasks.values()], barriers, options.jobs)
        self.wakeup = Wakeup()
        processes.adopt_orphans()
        self.is_over = False  # all tasks have succeeded, and services are of no more use
        self.guard = guard.start(self.id)
        self.tries = Tries(Setting(self.id, {}), self.guard.pid)

    def finish(self) -> int:
        """Run what has not run yet; return the exit status. Nothing of the run lives when it is over."""
        try:
            return self.run_all()
        finally:
            processes.end_members(self.id)
            self.turn.leave()
            self.guard.kill()
            self.guard.wait()

    def run_all(self) -> int:
        """Run what has not run yet, once it is the turn of this run."""
        self.recover()
        if problems := missing(self.plan):
            return self.refuse(problems)
        self.wait_for_turn()
        if not self.wakeup.stops and not checked_out(self.plan, self.folder):
            return self.refuse(["the repository of the project could not be checked out"])
        if not self.wakeup.stops:
            self.tries.setting = Setting(self.id, self.turn.variables)
            self.record.add("run.running")
        while not self.wakeup.stops:
            self.begin_all()
            if self.run.has_ended() and not self.has_to_serve():
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

    def refuse(self, problems: Sequence[str]) -> int:
        """Say what the machine lacks; when it is there, the run can go on."""
        for problem in problems:
            print(f"automl: {problem}", file=sys.stderr)
        self.record.add("run.ended", state="failed", reason="; ".join(problems))
        return REFUSED

    def wait_for_turn(self) -> None:
        """Wait until what the run needs is free, and say why it waits."""
        said = ""
        while not self.wakeup.stops and (reason := self.turn.waits_for()):
            if reason != said:
                self.record.add("run.waiting", reason=reason)
                say(f"waiting: {reason}")
            said = reason
            self.wakeup.wait(BETWEEN_TURNS)

    def begin_all(self) -> None:
        """Begin what can begin now."""
        for task in self.run.startable():
            self.tries.begin(task, values_for(task, self.tasks, self.id))
            task.state = State.RUNNING
            self.tell("task.started", task, pid=task.pid, **{"try": task.tries})

    def has_to_serve(self) -> bool:
        """Whether all is done, and services are there for who wants something of them."""
        return bool(self.tries.by_pid) and self.run.has_succeeded() and not self.options.stop_services

    def wait(self) -> None:
        """Wait until something has to be seen to, and see to it."""
        probes = [task.probe for task in self.run.within(State.RUNNING) if task.probe]
        times = [self.tries.next_deadline(), *(probe.next_look for probe in probes)]
        known = [time for time in times if time is not None]
        self.wakeup.wait(max(0, min(known) - time.monotonic()) if known else None)
        for task, status in self.tries.ended():
            self.has_ended(task, status)
        self.look_at_services()
        self.tries.end_late()

    def look_at_services(self) -> None:
        """Take note of services that are ready: what comes after them may begin."""
        for task in self.run.within(State.RUNNING):
            if task.probe and not task.is_late and task.probe.is_ready():
                task.end_by = None
                task.end(State.SUCCEEDED, f"is ready at {task.probe.url}")
                self.tell("task.ready", task, url=task.probe.url)

    def has_ended(self, task: LocalTask, status: int) -> None:
        """A try is over: so is the task, or it is tried again."""
        if task.state is State.SUCCEEDED and self.is_over:
            self.record.add("task.ended", task=task.name, state="succeeded")  # a service that was of use
            return
        if status == 0 and not task.is_late and task.spec.service is None:
            task.values = task.place.values()
            task.end(State.SUCCEEDED, "succeeded")
            self.tell("task.ended", task, state="succeeded", values=task.values)
            return
        reason = self.reason(task, status)
        if task.tries <= task.spec.retries and not self.wakeup.stops:
            task.state = State.WAITING
            self.tell("task.tried", task, reason=reason)
        else:
            task.end(State.FAILED, reason)
            state = "stopped" if self.wakeup.stops else "failed"
            self.tell("task.ended", task, state=state, reason=reason)

    def reason(self, task: LocalTask, status: int) -> str:
        """Why a try has failed."""
        if self.wakeup.stops:
            return "stopped with the run"
        if task.is_late:
            return (
                f"was not ready within {task.probe.longest} seconds"
                if task.probe
                else f"took longer than {task.spec.deadline} seconds"
            )
        if status < 0:
            return f"ended by {signal.Signals(-status).name}"
        return f"ended with status {status}"

    def end(self) -> int:
        """End what still runs, and write down how it went."""
        self.is_over = self.run.has_succeeded()
        self.stop_all()
        if self.wakeup.stops and not self.is_over:
            self.record.add("run.ended", state="stopped", reason="stopped")
            return INTERRUPTED
        for line in self.run.report():
            say(line)
        self.record.add("run.ended", state="succeeded" if self.is_over else "failed")
        return 0 if self.is_over else 1

    def stop_all(self) -> None:
        """Ask all that runs to end, wait a while, then end it."""
        self.tries.ask_to_end()
        while self.tries.by_pid:
            if self.wakeup.stops > 1:
                self.tries.end()
            self.wait()

    def tell(self, event: str, task: LocalTask, **details: Any) -> None:
        """Write down what has happened to a task, and say it."""
        self.record.add(event, task=task.name, **details)
        if task.state in (State.SUCCEEDED, State.FAILED):
            say(self.run.said(task))


def say(line: str) -> None:
    """A line for who looks on."""
    print(line, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Run, or go on with, the run in a folder."""
    parser = argparse.ArgumentParser(prog="runner")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--stop-services", action="store_true")
    options = parser.parse_args(arguments)
    folder = options.folder.absolute()
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"automl: {folder.name} is running already")
    return Runner(folder, options, turn_of(folder)).finish()


def turn_of(folder: Path) -> Turn:
    """The place of a run in the queue."""
    return AtOnce()
