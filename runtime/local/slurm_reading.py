"""What is known of a run on a cluster with Slurm: its tasks have a log each, and Slurm says which of its jobs wait or run."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path

from automl.runtime.local import slurm, slurm_fate
from automl.runtime.local.history import (
    ENDED,
    FAILED,
    RUNNING,
    STOPPED,
    SUCCEEDED,
    WAITING,
    TaskHistory,
)
from automl.runtime.local.reading import Reading, lines_of
from automl.runtime.local.record import EVENTS, Event

ENDED_BY_SLURM = "its job was ended"
UNTIL_SUBMITTED = 60  # seconds, which making environments may take longer than
BETWEEN_LOOKS = 2  # seconds; there may be thousands of files, on a disk that many share


class ClusterReading(Reading):
    """A run on a cluster, as far as it has been read. Nobody runs it but its jobs: it has ended when none is left."""

    def __init__(self, folder: Path) -> None:
        self.sizes: dict[str, int] = {}
        self.next_look = 0.0
        super().__init__(folder)
        self.size = 1  # whatever there is has been read

    def more(self) -> list[Event]:
        """What has happened since the last time; it is looked for now and then."""
        if time.monotonic() < self.next_look:
            return []
        living = self._living()  # before the logs: what ends meanwhile has said so
        events = sorted((event for task in self.plan.tasks for event in self._of(task.name)), key=_time)
        for event in events:
            with suppress(ValueError, TypeError, KeyError):
                self.history.take(event)
        self.next_look = time.monotonic() + BETWEEN_LOOKS
        return [*events, *self._run_events(living)]

    def has_ended(self) -> bool:
        """Whether no job of it is left."""
        return self.history.state in ENDED

    def is_dead(self) -> bool:
        """It is never: Slurm knows its jobs."""
        return False

    def cancel(self) -> None:
        """Cancel its jobs. QueueError if Slurm does not answer."""
        numbers = dict.fromkeys(job.number for job in slurm.submitted(self.folder))
        living = slurm.listed()
        slurm.cancel([number for number in numbers if number in living])
        self.next_look = 0

    def _living(self) -> set[str] | None:
        """The jobs of the run that wait or run; None where nobody can say."""
        numbers = {job.number for job in slurm.submitted(self.folder)}
        try:
            return numbers & slurm.listed().keys()
        except slurm.QueueError:
            return None

    def _of(self, task: str) -> list[Event]:
        """What has come to the log of a task."""
        path, events = self.folder / "tasks" / task / EVENTS, []
        for line in lines_of(path, self.sizes.get(task, 0)):
            self.sizes[task] = self.sizes.get(task, 0) + len(line)
            with suppress(ValueError):
                events.append(json.loads(line))
        return [event for event in events if isinstance(event, dict)]

    def _run_events(self, living: set[str] | None) -> list[Event]:
        """What has become of the run by that: nobody writes it down."""
        known = [self.history.tasks[task.name] for task in self.plan.tasks]
        started = [task.started for task in known if task.started is not None]
        self.history.started = min(started, default=None)
        state = self._state(living)
        self._explain(living, state)
        if state not in ENDED:
            self.history.state = state
            self.history.reason = "" if started else "its jobs wait in the queue of Slurm"
            return []
        if self.history.state == state:
            return []
        heard = [at for task in known for at in (task.started, task.ended) if at]
        event = {"event": "run.ended", "state": state, "at": max(heard, default=None)}
        if reason := self._why(state):
            event["reason"] = reason
        self.history.take(event)
        return [event]

    def _explain(self, living: set[str] | None, state: str) -> None:
        """Say of the tasks whose jobs are gone why: a job that was killed could not."""
        if living is None:
            return
        names = [name for name, known in self.history.tasks.items() if self._is_unexplained(known, state)]
        jobs = slurm_fate.jobs_of(self.folder, self.plan.tasks) if names else {}
        gone = {
            name: jobs[name] for name in names if jobs.get(name, "").partition("_")[0] not in {"", *living}
        }
        for name, reason in slurm_fate.reasons(self.folder, gone, state in ENDED).items():
            known = self.history.tasks[name]
            if known.state != WAITING or slurm_fate.CANCELLED not in reason:  # else it had not begun
                known.state, known.reason = STOPPED, reason

    def _is_unexplained(self, known: TaskHistory, state: str) -> bool:
        """Whether a task may have lost its job, or has been stopped and does not say why."""
        if known.state == STOPPED:
            return known.reason == ENDED_BY_SLURM
        return known.state == RUNNING or (known.state == WAITING and state in ENDED)

    def _why(self, state: str) -> str:
        """Why the run has stopped, for the first task whose job was killed; or failed, though no task has."""
        if state == FAILED and (self.folder / FAILED).read_text(encoding="utf-8") == slurm.OUT_OF_TIME:
            return f"took longer than {self.plan.timeout} seconds"
        if state != STOPPED:
            return ""
        stopped = [known for known in self.history.tasks.values() if known.state == STOPPED and known.reason]
        return f"{stopped[0].name}: {stopped[0].reason}" if stopped else ""

    def _state(self, living: set[str] | None) -> str:
        steps = [self.history.tasks[task.name] for task in self.plan.tasks if not task.of]
        if steps and all(step.state == SUCCEEDED for step in steps):
            return SUCCEEDED
        if living or (living is None and not (self.folder / FAILED).exists()):
            return RUNNING if self.history.started is not None else WAITING
        if not living and not (self.folder / slurm.JOBS).exists() and self._is_new():
            return WAITING
        return FAILED if (self.folder / FAILED).exists() else STOPPED

    def _is_new(self) -> bool:
        """Whether its first job may be on its way."""
        return bool(time.time() < self.about["created"] + UNTIL_SUBMITTED)


def _time(event: Event) -> float:
    return float(event.get("at", 0))
