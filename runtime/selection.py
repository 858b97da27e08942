"""What becomes of the trials of a step: whether too many have failed, which is the best, and what all of them have left.

It knows no engine and no clock: all of them go by it, and so they agree. A trial is judged by its number, with folds by
the mean of all of them. No number, one that is not finite, and a fold that has failed: it is no candidate. Of equals the
first of the table is the best. It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class Objective:
    """What a trial is judged by: a value, or the number called `metric` in an output of metrics."""

    output: str
    metric: str = ""
    maximize: bool = True

    def number(self, values: Mapping[str, str] | None) -> float | None:
        """The number that a run has left, if it has left one."""
        text = (values or {}).get(self.output)
        if text is None:
            return None
        if self.metric:
            content = json.loads(text)
            return _finite(content.get(self.metric) if isinstance(content, dict) else None)
        return _finite(text)

    def __str__(self) -> str:
        return f"{self.output}.{self.metric}" if self.metric else self.output


@dataclass(frozen=True)
class Trial:
    """A trial, and how its runs have ended: for each fold the values that it has left, or None if it has failed."""

    name: str
    params: Mapping[str, str]
    runs: Sequence[Mapping[str, str] | None]

    @property
    def has_failed(self) -> bool:
        """Whether a run of it has."""
        return any(run is None for run in self.runs)

    def score(self, objective: Objective) -> float | None:
        """Its number, or the mean of its folds; None if it is no candidate."""
        numbers = [objective.number(run) for run in self.runs]
        known = [number for number in numbers if number is not None]
        return mean(known) if known and len(known) == len(numbers) else None

    def output(self, name: str, type: str) -> str:
        """A value that it has left; with folds the mean."""
        texts = [(run or {})[name] for run in self.runs]
        if len(texts) == 1:
            return texts[0]
        if type != "metrics":
            return repr(mean([float(text) for text in texts]))
        contents = [json.loads(text) for text in texts]
        columns = {name: [_finite(content.get(name)) for content in contents] for name in contents[0]}
        known = {
            name: [number for number in column if number is not None] for name, column in columns.items()
        }
        return json.dumps({name: mean(known[name]) for name in known if len(known[name]) == len(texts)})


def mean(numbers: Sequence[float]) -> float:
    """The mean, which does not depend on the order, even of numbers of which the sum is none."""
    if all(map(math.isfinite, numbers)):
        return float(sum(map(Fraction, numbers)) / len(numbers))
    return sum(numbers) / len(numbers)


def refuse_failures(trials: Sequence[Trial], most: int) -> None:
    """ValueError if more trials have failed than may."""
    failed = [trial.name for trial in trials if trial.has_failed]
    if len(failed) > most:
        raise ValueError(
            f"{len(failed)} of {len(trials)} trials have failed, and {most} may: {', '.join(failed[:5])}"
            + (" …" if len(failed) > 5 else "")
        )


def best(trials: Sequence[Trial], objective: Objective) -> Trial:
    """The best of them; ValueError if there is no candidate."""
    scores = [(trial.score(objective), trial) for trial in trials]
    candidates = [(score, trial) for score, trial in scores if score is not None]
    if not candidates:
        raise ValueError(f"no trial has succeeded with a number for {objective}, so none is the best")
    choose = max if objective.maximize else min
    return choose(candidates, key=lambda candidate: candidate[0])[1]  # the first of equals


def collected(trials: Sequence[Trial], output: str, type: str) -> str:
    """What all runs have left of an output, as a JSON list: of the trials in their order, and the folds of each."""
    runs = [run for trial in trials for run in trial.runs]
    return json.dumps(
        [None if run is None else as_json(run[output], type) for run in runs], ensure_ascii=False
    )


def as_json(text: str, type: str) -> Any:
    """A value of a type for JSON, which knows no number that is not finite."""
    if type in ("json", "metrics"):
        return json.loads(text, parse_constant=lambda _: None)
    if type == "bool":
        return text.lower() == "true"
    if type == "int":
        return int(text)
    return _finite(text) if type == "float" else text


def _finite(value: Any) -> float | None:
    """The number that a text or a value of JSON is; None if it is none, or not finite."""
    if value is None or isinstance(value, (bool, list, dict)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
