"""The trials of a workflow as a table: for people, and as JSON and CSV for programs."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from automl.compiler.ir import Job, Trials, Type, Workflow
from automl.compiler.tree.scalars import resolve
from automl.compiler.views.printable import printable


def trials_text(workflow: Workflow) -> str:
    """A table for each step that has trials, and how many runs there are."""
    return "\n".join(_text(job, trials) for job, trials in _swept(workflow))


def trials_json(workflow: Workflow) -> str:
    """The steps with trials: each trial by its name, its values as they are in the file of parameters, and its folds."""
    steps = [
        {
            "step": job.step,
            "stage": job.stage,
            "runs": len(trials.runs),
            "folds": trials.folds,
            "trials": _rows(trials),
        }
        for job, trials in _swept(workflow)
    ]
    return json.dumps(steps, indent=2, ensure_ascii=False) + "\n"


def trials_csv(workflow: Workflow) -> str:
    """A line for each trial of all steps; what a step does not sweep is empty."""
    names = list(dict.fromkeys(axis.name for _, trials in _swept(workflow) for axis in trials.axes))
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(["step", "trial", *names])
    for job, trials in _swept(workflow):
        places = {axis.name: at for at, axis in enumerate(trials.axes)}
        for trial in trials.table:
            values = (trial.values[places[name]] if name in places else "" for name in names)
            writer.writerow([job.step, trial.name, *values])
    return lines.getvalue()


def _swept(workflow: Workflow) -> Iterator[tuple[Job, Trials]]:
    for job in workflow.jobs:
        if job.trials:
            yield job, job.trials


def _text(job: Job, trials: Trials) -> str:
    runs, count = len(trials.runs), len(trials.table)
    folds = f" x {trials.folds} folds" if trials.folds else ""
    heading = f"{job.step}: {count} trial{'s' * (count != 1)}{folds}, {runs} run{'s' * (runs != 1)}\n"
    if not trials.axes:
        return heading
    head = ["TRIAL", *(axis.name for axis in trials.axes)]
    return heading + _columns(
        [head, *([trial.name, *map(printable, trial.values)] for trial in trials.table)]
    )


def _columns(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "".join(f"  {line.rstrip()}\n" for line in lines)


def _rows(trials: Trials) -> list[dict[str, Any]]:
    return [
        {
            "trial": trial.name,
            "values": {
                axis.name: _plain(axis.type, text)
                for axis, text in zip(trials.axes, trial.values, strict=True)
            },
        }
        for trial in trials.table
    ]


def _plain(type: Type, text: str) -> Any:
    """The value that a program reads."""
    if type is Type.TEXT:
        return text
    if type is Type.FLOAT:
        return float(text)
    return json.loads(text) if type is Type.JSON else resolve(text)
