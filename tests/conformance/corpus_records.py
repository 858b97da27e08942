"""What the records of runs say of a workflow of the corpus: those of one machine, and those of jobs of Slurm."""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

from automl.runtime.local.plan import Plan
from automl.runtime.local.record import Event
from tests.conformance import corpus

STATUS = re.compile(r"ended with status (\d+)")


def tell_steps(plan: str, traces: Path) -> None:
    """Let `see` know of which step each task is."""
    steps = {task.name: task.step for task in Plan.from_json(plan).tasks}
    (traces / "steps.json").write_text(json.dumps(steps))


def trace(run: Path, events: Sequence[Event], traces: Path, has_succeeded: bool) -> corpus.Trace:
    """The tries of a run, in the order in which they began."""
    pods, succeeded, over = list[corpus.Pod](), set[str](), set[str]()
    steps = json.loads((traces / "steps.json").read_text())
    saw = {step: sorted(traces.glob(f"{step}.*.json"), key=os.path.getmtime) for step in steps.values()}
    after: dict[str, frozenset[str]] = {}
    begun = {event["task"] for event in events if event["event"] == "task.started"}
    for event in events:
        if event.get("task", "") not in {*begun, ""}:
            continue  # a step with trials, which is over when they are
        step = steps.get(event.get("task", ""), "")
        if event["event"] == "task.started":
            after[step] = frozenset(succeeded)
        elif event["event"] in ("task.ended", "task.tried", "task.ready"):
            ended = event.get("state") == "succeeded" or event["event"] == "task.ready"
            if ended and event["task"] in over:
                continue  # a service that is stopped in the end
            over |= {event["task"]} if ended else set()
            seen = saw[step].pop(0) if saw[step] else Path("none")
            status = 0 if ended else int((STATUS.search(event["reason"]) or ["", "1"])[1])
            succeeded |= {step} if ended else set()
            lines = (run / "tasks" / event["task"] / "log").read_text(errors="replace").splitlines()
            pods.append(corpus.Pod(step, corpus.seen(seen), after[step], status, [*dict.fromkeys(lines)]))
    return corpus.Trace(pods, has_succeeded)
