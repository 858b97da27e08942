"""What is known of a run, from its record alone; what its program could not write down, since it was killed, is worked out."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from automl.runtime.local import trials
from automl.runtime.local.history import (
    ENDED,
    FAILED,
    SKIPPED,
    STOPPED,
    WAITING,
    TaskHistory,
    history_of,
)
from automl.runtime.local.plan import Plan, Task
from automl.runtime.local.processes import is_alive
from automl.runtime.local.record import EVENTS, Event
from automl.runtime.states import reached

RUNNER_LOG = "runner.log"
SAID = ("automl: ", "runner: error: ")  # before why it has given up
FILES = ("file", "model", "dataset")
GRACE = 10.0  # seconds, in which a run that was made has begun


class Reading:
    """A run, as far as it has been read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.about, self.plan, self.problem = _described(folder)
        self.size = 0  # bytes of the log
        self.history = history_of([], [task.name for task in self.plan.tasks])
        self.more()

    def more(self) -> list[Event]:
        """What has happened since the last time. What is no event is passed over, if there is one behind it."""
        events: list[Event] = []
        end = self.size
        for line in lines_of(self.folder / EVENTS, self.size):
            end += len(line)
            with suppress(ValueError, TypeError, KeyError):
                event = json.loads(line)
                self.history.take(event)
                events.append(event)
                self.size = end
        return events

    def has_ended(self) -> bool:
        """Whether nobody runs it any more."""
        pid, started = self.history.pid, self.history.pid_started
        return (self.history.state in ENDED and not is_alive(pid, started)) or self.is_dead()

    def is_dead(self) -> bool:
        """Whether nobody runs it though it has not ended."""
        if self.history.state in ENDED:
            return False
        if not self.history.pid:
            return bool(time.time() > self.about["created"] + GRACE)
        return not is_alive(self.history.pid, self.history.pid_started)

    def end(self) -> None:
        """Say what its program could not: it has stopped, when something was last heard of it."""
        heard = [at for task in self.history.tasks.values() for at in (task.started, task.ended) if at]
        reason = f"its program has ended: `automl run --resume {self.folder.name}`"
        event = {"event": "run.ended", "state": STOPPED, "reason": self.last_words() or reason}
        self.history.take({**event, "at": max(heard, default=None)})

    def last_words(self) -> str:
        """Why its program has given up, if it could say so."""
        log = self.folder / RUNNER_LOG
        line = log.read_text(encoding="utf-8", errors="replace").strip() if log.exists() else ""
        said = line.rpartition("\n")[2]
        return (
            said.partition(": " if said.startswith(SAID[0]) else "error: ")[2]
            if said.startswith(SAID)
            else ""
        )

    def status(self) -> dict[str, Any]:
        """All that is known, for JSON."""
        history, tasks = self.history, [self._task(task) for task in self.plan.tasks]
        return {
            "id": self.folder.name,
            **self.about,
            "folder": str(self.folder),
            "state": history.state,
            "reason": self.problem or history.reason,
            "started": history.started,
            "ended": history.ended,
            "pid": history.pid,
            "metrics": _metrics(tasks),
            "tasks": tasks,
        }

    def _task(self, task: Task) -> dict[str, Any]:
        if task.trials:
            return trials.of_step(self._single(task), task, self.history.tasks)
        return self._single(task)

    def _single(self, task: Task) -> dict[str, Any]:
        known, outputs = self._known(task), self.folder / "tasks" / task.name / "outputs"
        files = [name for name, type in task.outputs.items() if type in FILES and known.is_done]
        return {
            "name": task.name,
            "stage": task.stage,
            "step": task.step,
            "state": known.state,
            "reason": known.reason,
            "tries": known.tries,
            "started": known.started,
            "ended": known.ended,
            "url": known.url,
            "values": known.values,
            "files": {name: str(outputs / name) for name in files},
            "outputs": task.outputs,
            "is_service": task.service is not None,
            "trial_of": task.of,
            "taken_from": known.run,
        }

    def _known(self, task: Task) -> TaskHistory:
        """What is known of a task, which does not wait any more when its run has ended."""
        known = self.history.tasks[task.name]
        if self.history.state not in ENDED or known.state != WAITING:
            return known
        return TaskHistory(task.name, SKIPPED, known.reason or self._why_not(task), known.tries)

    def _why_not(self, task: Task) -> str:
        failed = [name for name, known in self.history.tasks.items() if known.state == FAILED]
        upstream = reached(task.after, self.plan.edges())
        names = [name for name in failed if name in upstream] or failed
        return f"because of {', '.join(names)}" if names else "the run had ended before"


def _described(folder: Path) -> tuple[dict[str, Any], Plan, str]:
    """What a run is, and why that is not known if it is not: it can be looked at and deleted all the same."""
    about = folder / "run.json"
    try:
        plan = Plan.from_json((folder / "plan.json").read_text(encoding="utf-8"))
        with suppress(FileNotFoundError):
            (folder / EVENTS).open("rb").close()
        return {"created": 0, **json.loads(about.read_text(encoding="utf-8"))}, plan, ""
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        created = about.stat().st_mtime
        nothing = {"workflow": "", "created": created, "user": "", "params": {}}
        return nothing, Plan("", []), f"its record cannot be read: {error}"


def _metrics(tasks: list[dict[str, Any]]) -> dict[str, Any]:
    """What the tasks have measured, and the best of their trials; what two of them call the same has the task before it."""
    measured = [
        (task["name"], name, value)
        for task in tasks
        if not task["trial_of"]
        for output, text in task["values"].items()
        if task["outputs"].get(output) == "metrics"
        for name, value in json.loads(text).items()
    ]
    measured += [(task["name"], *best) for task in tasks if (best := task.get("best"))]
    names = [name for _, name, _ in measured]
    return {name if names.count(name) == 1 else f"{task}.{name}": value for task, name, value in measured}


def lines_of(path: Path, start: int) -> list[bytes]:
    """The whole lines of a log behind its first bytes."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            content = file.read()
    except OSError:  # it is not there yet, or nobody else may read it
        return []
    return [line + b"\n" for line in content.split(b"\n")[:-1]]
