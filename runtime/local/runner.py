"""Runs a plan on this machine, task by task, and writes down what happens: killed at any moment, it can go on.

    runner FOLDER [--jobs N] [--only STEP]... [--from STEP] [--stop-services] [what `request` adds]

It ends with status 0 if all tasks have succeeded, with 1 if not, with 2 if the machine lacks what they need or has no
room for the record, with 130 if it was stopped. Which steps are chosen, and what the run asks for, is kept:
who goes on need not say it again.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from automl.runtime.local import gpus, guard, lock, processes
from automl.runtime.local.admission import turn_of
from automl.runtime.local.checkout import check_out
from automl.runtime.local.command_line import add_options
from automl.runtime.local.full_disk import refuse_full_disk
from automl.runtime.local.handing_on import AllTrials, all_trials, is_tolerated, values_for
from automl.runtime.local.needs import missing
from automl.runtime.local.place import Place, Setting
from automl.runtime.local.plan import Plan, Task
from automl.runtime.local.record import Record
from automl.runtime.local.recovery import choose, has_left_all, recover
from automl.runtime.local.request import remember
from automl.runtime.local.saying import complain, say
from automl.runtime.local.taking_over import Here, take_over
from automl.runtime.local.tasks import LocalTask, Sharing, run_of
from automl.runtime.local.tries import End, Tries
from automl.runtime.local.turn import AtOnce, QueueError, Turn, Withdrawn
from automl.runtime.local.wakeup import Wakeup
from automl.runtime.states import Run, State

REFUSED, INTERRUPTED = 2, 130
BETWEEN_TURNS = 1  # seconds


class Runner:
    """Runs a plan in the folder of its record."""

    def __init__(self, folder: Path, options: argparse.Namespace, held: int) -> None:
        self.folder, self.id, self.options = folder, folder.name, options
        self.turn: Turn = AtOnce()
        self.plan = Plan.from_json((folder / "plan.json").read_text(encoding="utf-8"))
        self.record = Record(folder)
        self.tasks = {spec.name: LocalTask(spec, Place(folder, spec.name)) for spec in self.plan.tasks}
        self.run = Run([*self.tasks.values()], {}, options.jobs)
        self.looked_at: set[str] = set()  # the steps with trials of which earlier runs have been asked
        self.is_stopping = self.is_over = False  # over: all have succeeded, services are of no more use
        self.wakeup = Wakeup()
        processes.take_charge(self.id)
        self.guard = guard.start(folder, held)
        self.tries = Tries(Setting(self.id, {}), self.guard.pid)

    def finish(self) -> int:
        """Run what has not run yet; return the exit status. Nothing of the run lives when it is over."""
        try:
            return self.run_all()
        except OSError as error:
            return self.break_off(error)
        finally:
            processes.end_members(self.id)
            processes.end_children({self.guard.pid})
            self.turn.leave()
            self.guard.kill()
            self.guard.wait()

    def run_all(self) -> int:
        """Run what has not run yet, once it is the turn of this run."""
        try:
            self.prepare()
        except ValueError as error:
            return self.refuse([str(error)])
        waiting = [task.spec for task in self.run.within(State.WAITING)]
        if problems := missing(replace(self.plan, tasks=waiting)):
            return self.refuse(problems)
        try:
            self.wait_for_turn()
            if not self.wakeup.stops:
                check_out(self.plan, self.folder)
        except Withdrawn:
            return self.write_end("stopped", "taken out of the queue")
        except (QueueError, ValueError) as error:
            if not self.wakeup.stops:  # which would end git, too
                return self.refuse([str(error)])
        if not self.wakeup.stops:
            self.settle(waiting)
            self.record.add("run.running")
            gc.freeze()  # lest a child that collects garbage touches, and so copies, all there is
        while not self.wakeup.stops and not self.tries.out_of_time():
            self.begin_all()
            if self.run.has_ended() and not self.has_to_serve():
                break
            if self.run.has_succeeded():
                self.tries.limit(None)  # services go on
            self.wait()
        return self.end()

    def prepare(self) -> None:
        """Know what is to run, and what of it has. ValueError says why that cannot be."""
        known = recover(self.record, self.plan)
        remember(self.record, known, self.options, self.plan.priority)
        is_again = known.pid and (self.options.only or self.options.since)
        if self.options.fresh or is_again:  # and so said to be run
            self.looked_at = {task.name for task in self.plan.tasks}
        names = choose(self.record, self.plan, known, (self.options.only, self.options.since))
        for name, task in self.tasks.items():
            task.values = known.tasks[name].values
            if has_left_all(self.folder, task.spec, known.tasks[name]):
                task.end(State.SUCCEEDED, "succeeded before")
            elif name not in names and known.tasks[name].is_done:
                task.end(State.SUCCEEDED, known.tasks[name].reason)  # in an earlier run
        for trials in all_trials(self.tasks):
            if trials.step.name in names and trials.step.state is State.SUCCEEDED:
                trials.keep_failures(known)
        barriers: dict[str, Sequence[str]] = {barrier.name: barrier.after for barrier in self.plan.barriers}
        barriers.update({name: () for name in self.tasks if name not in names})  # nobody waits for those
        self.run = run_of(self.plan, [self.tasks[name] for name in names], barriers, self.options.jobs)

    def refuse(self, problems: Sequence[str]) -> int:
        """Say why nothing can be run; when that is seen to, the run can go on."""
        for problem in problems:
            complain(problem)
        self.record.add("run.ended", state="failed", reason="; ".join("\n".join(problems).splitlines()))
        self.record.close()
        return REFUSED

    def wait_for_turn(self) -> None:
        """Wait until what the run needs is free, and say why it waits."""
        self.turn = turn_of(self.folder, [task.spec for task in self.run.within(State.WAITING)], self.options)
        said = ""
        while not self.wakeup.stops and (reason := self.turn.waits_for()):
            if reason != said:
                self.record.add("run.waiting", reason=reason)
                say(f"waiting: {reason}")
            said = reason
            self.wakeup.wait(BETWEEN_TURNS)

    def settle(self, tasks: Sequence[Task]) -> None:
        """Take what the turn of the run has brought, for these tasks."""
        are_shared = gpus.are_asked_for(tasks)
        self.tries.setting = Setting(self.id, self.turn.variables, self.turn.gpus if are_shared else None)
        self.tries.limit(self.plan.timeout)
        if are_shared:
            self.run = Sharing(self.run, lambda ready: gpus.with_room(ready, len(self.tries.free_gpus())))

    def begin_all(self) -> None:
        """Begin what can begin now; what needs no process makes room for more."""
        while self.conclude_all() or self.take_over_all():
            pass
        for task in self.run.startable():
            begun = self.tries.begin(task, values_for(task, self.tasks, self.id))
            task.state = State.RUNNING
            given = {"gpus": [*task.gpus]} if task.gpus else {}
            self.tell("task.started", task, pid=task.pid, **{"try": task.tries}, **given)
            begun.let_go()

    def conclude_all(self) -> bool:
        """The trials of some steps may have ended, and so have the steps; whether there are any."""
        steps = [task for task in self.run.startable() if task.spec.trials]
        for step in steps:
            self.tell("task.ended", step, **AllTrials(step, self.tasks).end())
        return bool(steps)

    def take_over_all(self) -> bool:
        """The first trials of some steps may begin: whether there are any that need not run, as they have in an earlier run."""
        steps = {task.spec.of for task in self.run.startable() if task.spec.of} - self.looked_at
        here = Here(self.folder, self.plan, self.tasks, lambda: not self.wakeup.stops)
        for taken in [taken for name in steps for taken in take_over(here, self.tasks[name])]:
            self.tell("task.ended", taken.task, **taken.end())
        self.looked_at |= steps
        return bool(steps)

    def has_to_serve(self) -> bool:
        """Whether all is done, and services are there for who wants something of them."""
        return bool(self.tries.by_pid) and self.run.has_succeeded() and not self.options.stop_services

    def wait(self) -> None:
        """Wait until something has to be seen to, and see to it."""
        probes = [
            task.probe for task in self.tries.by_pid.values() if task.probe and task.state is State.RUNNING
        ]
        times = [self.tries.next_deadline(), self.record.keep_by, *(probe.next_look for probe in probes)]
        known = [time for time in times if time is not None]
        self.wakeup.wait(max(0, min(known) - time.monotonic()) if known else None)
        if self.record.keep_by is not None and self.record.keep_by <= time.monotonic():
            self.record.keep()
        self.note_ends()
        self.look_at_services()
        self.tries.end_late()

    def note_ends(self) -> None:
        """Take note of the tries that are over."""
        for end in self.tries.ended():
            self.has_ended(end)

    def look_at_services(self) -> None:
        """Take note of services that are ready: what comes after them may begin."""
        for task in self.tries.by_pid.values():
            if task.probe and task.state is State.RUNNING and not task.is_late and task.probe.is_ready():
                task.end_by = None
                task.end(State.SUCCEEDED, f"is ready at {task.probe.url}")
                self.tell("task.ready", task, url=task.probe.url)

    def has_ended(self, end: End) -> None:
        """A try is over: so is the task, or it is tried again."""
        task = end.task
        if task.state is State.SUCCEEDED and self.is_over:
            self.record.add("task.ended", task=task.name, state="succeeded")  # a service that was of use
            return
        if end.has_succeeded:
            task.values = task.place.values()
            task.end(State.SUCCEEDED, "succeeded")
            self.tell("task.ended", task, state="succeeded", values=task.values)
            return
        reason = "stopped with the run" if self.is_stopping else end.reason()
        if not self.is_stopping:
            refuse_full_disk(self.folder)
        if task.tries <= task.spec.retries and not self.is_stopping:
            task.state = State.WAITING
            self.tell("task.tried", task, reason=reason)
        else:
            may_fail = not self.is_stopping and is_tolerated(task, self.tasks)
            task.end(State.TOLERATED if may_fail else State.FAILED, reason)
            self.tell("task.ended", task, state="stopped" if self.is_stopping else "failed", reason=reason)

    def end(self) -> int:
        """End what still runs, and write down how it went."""
        self.note_ends()  # what is done by itself is not stopped
        self.is_over = self.run.has_succeeded()
        self.is_stopping = not self.is_over
        reason = self.tries.out_of_time() if self.is_stopping else ""
        self.tries.limit(None)
        self.stop_all()
        if self.wakeup.stops and not self.is_over:
            return self.write_end("stopped", "stopped")
        for line in [*([f"the run {reason}"] if reason else []), *self.run.report()]:
            say(line)
        return self.write_end("succeeded" if self.is_over else "failed", reason)

    def write_end(self, state: str, reason: str = "") -> int:
        """Write down how the run has ended; return the exit status for it."""
        self.record.add("run.ended", state=state, **({"reason": reason} if reason else {}))
        self.record.close()
        return {"succeeded": 0, "failed": 1, "stopped": INTERRUPTED}[state]

    def stop_all(self) -> None:
        """Ask all that runs to end, wait a while, then end it."""
        self.tries.ask_to_end()
        while self.tries.by_pid:
            if self.wakeup.stops > 1:
                self.tries.end()
            self.wait()

    def break_off(self, error: OSError) -> int:
        """End all that runs, since this cannot go on; what has happened is written down if that is possible at all."""
        reason = error.strerror or str(error)
        complain(f"{self.id} cannot go on: {reason}; when that is mended, it can")
        self.is_stopping = True
        self.note_ends()
        self.tries.end()
        while self.tries.by_pid:
            self.wakeup.wait(None)
            self.note_ends()
        with suppress(OSError):
            self.record.add("run.ended", state="stopped", reason=reason)
        with suppress(OSError):
            self.record.rescue()
        return REFUSED

    def tell(self, event: str, task: LocalTask, **details: Any) -> None:
        """Write down what has happened to a task, and say it."""
        self.record.add(event, task=task.name, **details)
        if task.state in (State.SUCCEEDED, State.FAILED, State.TOLERATED):
            say(self.run.said(task))


def main(arguments: Sequence[str]) -> int:
    """Run, or go on with, the run in a folder."""
    parser = argparse.ArgumentParser(prog="runner")
    parser.add_argument("folder", type=Path)
    add_options(parser)
    options = parser.parse_args(arguments)
    folder = options.folder.absolute()
    try:
        held = lock.take(folder)
    except BlockingIOError:
        complain(f"{folder.name} is running already")
        return REFUSED
    except OSError as error:
        complain(f"{folder.name} cannot be run: {error}")
        return REFUSED
    return Runner(folder, options, held).finish()
