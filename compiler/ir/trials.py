"""The many runs of one job: a trial for each set of values, and each of them once a fold."""

from automl.compiler.ir.data import Type
from automl.compiler.records import NamedTuple


class Axis(NamedTuple):
    """What differs between the trials: the same name in all of them, and in each another value of that type."""

    name: str
    type: Type


class Trial(NamedTuple):
    """One set of values: texts, in the order of the axes. Its name tells by these alone which one it is."""

    name: str
    values: tuple[str, ...]


class Objective(NamedTuple):
    """What a trial is judged by: a value output, or the number called `metric` in an output of metrics."""

    output: str
    metric: str | None
    maximize: bool


class TrialRun(NamedTuple):
    """One run of a trial: the only one, or that of a fold. No other run of the job has its name."""

    name: str
    trial: Trial
    fold: int | None


class Trials(NamedTuple):
    """The trials of a job in the order of their table, each run once for every fold; `folds` None is once.

    More than `max_failed` trials that have failed, in any fold, fail the whole.
    """

    axes: tuple[Axis, ...]
    table: tuple[Trial, ...]
    folds: int | None = None
    max_parallel: int | None = None
    max_failed: int = 0
    objective: Objective | None = None

    @property
    def runs(self) -> tuple[TrialRun, ...]:
        """All of them in their order: the folds of a trial stand together."""
        if self.folds is None:
            return tuple(TrialRun(trial.name, trial, None) for trial in self.table)
        return tuple(
            TrialRun(f"{trial.name or 'fold'}-{fold}", trial, fold)
            for trial in self.table
            for fold in range(self.folds)
        )
