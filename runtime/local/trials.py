"""How the trials of a step stand, the best first, as the record tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.runtime.local.history import ENDED, FAILED, RUNNING, SUCCEEDED, WAITING, TaskHistory
from automl.runtime.local.plan import Task
from automl.runtime.selection import Objective


def of_step(told: dict[str, Any], step: Task, known: Mapping[str, TaskHistory]) -> dict[str, Any]:
    """What is told of a step, with its trials. It runs as soon as one of these does."""
    assert step.trials
    runs = [known[name] for name in step.after]
    ranking = step.trials.ranking([run.values if run.state == SUCCEEDED else None for run in runs])
    of_trial: dict[str, list[TaskHistory]] = {}
    for run in step.trials.runs():
        of_trial.setdefault(run.trial, []).append(known[f"{step.name}/{run.name}"])
    rows = [
        {
            "trial": trial.name,
            "params": dict(trial.params),
            "state": _state([run.state for run in of_trial[trial.name]]),
            "score": score,
            "taken_from": _taken_from(of_trial[trial.name]),
        }
        for trial, score in ranking
    ]
    started = [run.started for run in runs if run.started is not None]
    is_begun = told["state"] == WAITING and bool(started)
    return {
        **told,
        "state": RUNNING if is_begun else told["state"],
        "started": min(started, default=None),
        "trials": rows,
        "objective": str(Objective(**step.trials.objective)) if step.trials.objective else "",
        "best": _best(step, ranking[0][1]) if ranking and told["state"] == SUCCEEDED else None,
    }


def _best(step: Task, score: float | None) -> tuple[str, float] | None:
    """What the best trial has measured, and how that is called."""
    if score is None or step.trials is None or step.trials.objective is None:
        return None
    objective = Objective(**step.trials.objective)
    return objective.metric or objective.output, score


def _taken_from(runs: Sequence[TaskHistory]) -> str:
    """The runs in which all of a trial has run, if it has not run here."""
    is_whole = all(run.run and run.state == SUCCEEDED for run in runs)
    return ", ".join(dict.fromkeys(run.run for run in runs)) if is_whole else ""


def _state(states: list[str]) -> str:
    """How a trial is, by how its runs are."""
    if FAILED in states:
        return FAILED
    if all(state in ENDED for state in states):
        return SUCCEEDED if all(state == SUCCEEDED for state in states) else states[0]
    return WAITING if all(state == WAITING for state in states) else RUNNING
