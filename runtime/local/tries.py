"""The tries that go on now: a process each, which leads a group of its own, and must not take too long."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from automl.runtime.local import containers, gpus, machine, processes
from automl.runtime.local.attempt import Begun, begin
from automl.runtime.local.place import Setting
from automl.runtime.local.services import Probe
from automl.runtime.local.tasks import LocalTask

GRACE = 10  # seconds, between asking a task to end and ending it


class End(NamedTuple):
    """A try that is over, and the status of its process: less than 0 is a signal."""

    task: LocalTask
    status: int

    @property
    def has_succeeded(self) -> bool:
        """Whether it has done what it was there for."""
        return self.status == 0 and not self.task.is_late and self.task.spec.service is None

    def reason(self) -> str:
        """Why it has failed."""
        if self.task.is_late:
            return (
                f"was not ready within {self.task.probe.longest} seconds"
                if self.task.probe
                else f"took longer than {self.task.spec.deadline} seconds"
            )
        if self.status < 0:
            return f"ended by {_name_of(-self.status)}"
        return f"ended with status {self.status}"


class Tries:
    """Begins tries, and ends them."""

    def __init__(self, setting: Setting, guard: int) -> None:
        self.setting, self.guard = setting, guard
        self.by_pid: dict[int, LocalTask] = {}
        self.longest: float | None = None  # seconds that the run may take
        self.run_ends_by: float | None = None  # of the clock that only goes forward

    def begin(self, task: LocalTask, values: Mapping[str, str]) -> Begun:
        """Begin a try of a task, which is to be let go."""
        task.tries += 1
        begun = begin(task.spec, task.place, self._setting_of(task), values)
        task.pid = begun.pid
        task.is_late = False
        task.probe = Probe(task.spec.service) if task.spec.service else None
        seconds = task.probe.longest if task.probe else task.spec.deadline
        task.end_by = None if seconds is None else time.monotonic() + seconds
        self.by_pid[task.pid] = task
        return begun

    def free_gpus(self) -> list[str]:
        """The GPUs of the run that no try has."""
        return gpus.free(self.setting.gpus or (), self.by_pid.values())

    def _setting_of(self, task: LocalTask) -> Setting:
        """The setting of a try, with the GPUs that are its own."""
        if self.setting.gpus is None:
            return self.setting
        task.gpus = self.free_gpus()[: task.spec.gpus]
        return self.setting._replace(variables={**self.setting.variables, **machine.variables(task.gpus)})

    def ended(self) -> Iterator[End]:
        """The tries that are over by now; nothing of them lives any more."""
        while self.by_pid:
            pid, status = os.waitpid(-1, os.WNOHANG)  # perhaps of what a task has left behind
            if pid == 0:
                return
            if pid in self.by_pid:
                task = self.by_pid.pop(pid)
                self._end_rest(task)
                yield End(task, os.waitstatus_to_exitcode(status))

    def next_deadline(self) -> float | None:
        """When the next one will have taken too long, or the run."""
        times = (self.run_ends_by, *(task.end_by for task in self.by_pid.values()))
        return min((end_by for end_by in times if end_by is not None), default=None)

    def limit(self, seconds: float | None) -> None:
        """Have the run take no longer from now on."""
        self.longest = seconds
        self.run_ends_by = None if seconds is None else time.monotonic() + seconds

    def out_of_time(self) -> str:
        """Why the run has to end; nothing as long as it has time."""
        is_late = self.run_ends_by is not None and self.run_ends_by <= time.monotonic()
        return f"took longer than {self.longest} seconds" if is_late else ""

    def end_late(self) -> None:
        """Ask those that take too long to end, then end them."""
        now = time.monotonic()
        for task in self.by_pid.values():
            if task.end_by is not None and task.end_by <= now:
                processes.end_child(task.pid, signal.SIGKILL if task.is_late else signal.SIGTERM)
                task.is_late, task.end_by = True, now + GRACE

    def ask_to_end(self) -> None:
        """Ask all of them to end; those that do not are ended in a while."""
        for task in self.by_pid.values():
            processes.end_child(task.pid, signal.SIGTERM)
            task.end_by, task.is_late = time.monotonic() + GRACE, True

    def end(self) -> None:
        """End all of them now."""
        for task in self.by_pid.values():
            processes.end_child(task.pid)

    def _end_rest(self, task: LocalTask) -> None:
        """End what the process of a task has left behind."""
        processes.end_group(task.pid)
        if task.spec.image is not None:
            containers.end(self.setting.run, task.name)
        kept = self.by_pid.keys() | {self.guard}
        mine = processes.children()
        if mine is None or mine - kept:
            processes.end_members(self.setting.run, task.name, {task.pid})
            if not self.by_pid:  # so it is of this task, even if its environment says nothing
                processes.end_children(kept)
        task.pid, task.end_by, task.gpus = 0, None, ()


def _name_of(number: int) -> str:
    """What a signal is called; most of those for real time have a number alone."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
