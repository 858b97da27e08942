"""What the plans of our own programs say of the values that tasks take of others, and of the trials of a step."""

from typing import TYPE_CHECKING, Any

from automl.compiler.ir import (
    BestOutput,
    BestParam,
    Collected,
    Job,
    OfFold,
    OfRun,
    OfTrial,
    OutputOf,
    Reference,
    Source,
    variable_of,
)

if TYPE_CHECKING:
    from automl.runtime.trials import Trials


def is_taken(reference: Reference) -> bool:
    """Whether a value is found when the task starts: it is not known before, and no matter of a trial."""
    return reference.known is None and not isinstance(reference.source, OfTrial | OfFold)


def source_of(source: Source) -> dict[str, Any]:
    """Where such a value comes from, in the words of a plan."""
    match source:
        case OfRun():
            return {"run": str(source)}
        case OutputOf():
            named = {"task": source.task, "output": source.output}
        case BestParam():
            return {"task": source.task, "param": source.axis}
        case BestOutput():
            named = {"task": source.task, "best": source.output}
        case Collected():
            named = {"task": source.task, "all": source.output}
        case _:
            raise ValueError("it is known, or a matter of the trial")
    return named | {"file": True} if source.type.is_file else named


def trials_of(job: Job) -> "Trials | None":
    """The trials of a job, in the words of a plan."""
    trials = job.trials
    if trials is None:
        return None
    from automl.runtime.trials import Trials  # for the few configs that have some

    objective = trials.objective
    return Trials(
        axes={axis.name: variable_of("PARAM", axis.name) for axis in trials.axes},
        table=[[trial.name, *trial.values] for trial in trials.table],
        folds=trials.folds,
        max_parallel=trials.max_parallel,
        max_failed=trials.max_failed,
        objective=objective and {**objective._asdict(), "metric": objective.metric or ""},
    )
