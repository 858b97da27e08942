"""The trials of a step in a plan: which runs they are, and what becomes of them. Every plan says them in the same words.

It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional

from automl.runtime.selection import Objective, Trial, best, collected, refuse_failures

FOLD_INDEX, FOLD_COUNT = "AUTOML_PARAM_FOLD_INDEX", "AUTOML_PARAM_FOLD_COUNT"
Values = Optional[Mapping[str, str]]
"""What a run has left, by the names of the outputs; None if it has failed."""


class TrialRun(NamedTuple):
    """One run of a trial: its name, that of the trial, and the variables that are its own."""

    name: str
    trial: str
    variables: Mapping[str, str]


@dataclass(frozen=True)
class Trials:
    """The trials of a step, in the order of their table: for each its name, and a value for each axis."""

    axes: dict[str, str] = field(default_factory=dict)  # their variables
    table: list[list[str]] = field(default_factory=list)
    folds: int | None = None
    max_parallel: int | None = None
    max_failed: int = 0
    objective: dict[str, Any] | None = None

    def runs(self) -> Iterator[TrialRun]:
        """The runs in their order: a trial with folds has one for each."""
        for name, *values in self.table:
            variables = dict(zip(self.axes.values(), values))
            if self.folds is None:
                yield TrialRun(name, name, variables)
            for fold in range(self.folds or 0):
                numbers = {FOLD_INDEX: str(fold), FOLD_COUNT: str(self.folds)}
                yield TrialRun(f"{name or 'fold'}-{fold}", name, {**variables, **numbers})

    def index(self, there: Container[str]) -> str:
        """What `index.json` says of the files of all runs: which is whose, and that of some, which have failed, none is there."""
        rows: list[dict[str, Any]] = []
        params = {name: dict(zip(self.axes, texts)) for name, *texts in self.table}
        for name, trial, variables in self.runs():
            fold = {"fold": int(variables[FOLD_INDEX])} if FOLD_INDEX in variables else {}
            path = name if name in there else None
            rows.append({"trial": trial, "params": params[trial], **fold, "path": path})
        return json.dumps(rows, indent=1, ensure_ascii=False)

    def files(self, folder: str, output: str, jobs: Sequence[str | None]) -> str:
        """What `gather.py` has to know of an output of all runs, of which the folders have the names of their Jobs."""
        known = {"axes": self.axes, "table": self.table, "folds": self.folds}
        told = {"folder": folder, "output": output, "jobs": jobs, "trials": known}
        return json.dumps(told, separators=(",", ":"), ensure_ascii=False)

    def of(self, values: Sequence[Values]) -> list[Trial]:
        """The trials with what their runs have left."""
        folds = self.folds or 1
        return [
            Trial(name, dict(zip(self.axes, texts)), values[at * folds : (at + 1) * folds])
            for at, (name, *texts) in enumerate(self.table)
        ]

    def ranking(self, values: Sequence[Values]) -> list[tuple[Trial, float | None]]:
        """The trials with their scores so far, the best first; those that have none are last, in the order of the table."""
        objective = Objective(**self.objective) if self.objective else None
        if objective is None:
            return [(trial, None) for trial in self.of(values)]
        scored = [(trial, trial.score(objective)) for trial in self.of(values)]
        sign = -1 if objective.maximize else 1
        return sorted(scored, key=lambda one: (one[1] is None, sign * (one[1] or 0)))

    def ended(self, values: Sequence[Values]) -> Outcome:
        """What has become of them, by what each run has left. ValueError if too many have failed, or none is the best."""
        trials = self.of(values)
        refuse_failures(trials, self.max_failed)
        objective = Objective(**self.objective) if self.objective else None
        return Outcome(trials, objective, best(trials, objective) if objective else None)


class Outcome(NamedTuple):
    """The trials of a step that have ended, and the best of them, if the step says what that is."""

    trials: Sequence[Trial]
    objective: Objective | None
    best: Trial | None

    def value(self, source: Mapping[str, Any], types: Mapping[str, str]) -> str:
        """The value that a source of a plan names: of the best, or of all. `types` are those of the outputs."""
        if "all" in source:
            return collected(self.trials, source["all"], types[source["all"]])
        assert self.best
        if "param" in source:
            return self.best.params[source["param"]]
        return self.best.output(source["best"], types[source["best"]])

    def said(self) -> dict[str, str]:
        """What people want to know of it: which is the best, with its values."""
        if self.best is None or self.objective is None:
            return {}
        return {
            "best": self.best.name,
            **self.best.params,
            str(self.objective): repr(self.best.score(self.objective)),
        }
