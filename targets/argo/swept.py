"""The runs of a step with trials: the templates they have, what differs between them, and what is asked of them all."""

from collections.abc import Iterator, Mapping
from functools import cache

from automl.compiler.ir import (
    BestOutput,
    BestParam,
    Collected,
    Job,
    OfFold,
    OfTrial,
    Output,
    Source,
    Trials,
    Workflow,
)
from automl.compiler.records import NamedTuple
from automl.targets.dag.names import TaskNames
from automl.targets.objects.metadata import Object
from automl.targets.writers.yaml import Value

Selected = BestParam | BestOutput | Collected
"""What a step takes of the trials of another: of the best, or of all."""
TRIAL_KEY, FOLD_KEY = "_trial", "_fold"
"""Of the item of a run, beside the names of the axes: none of these begins so."""
TRIAL_INPUT, FOLD_INPUT = "trial-name", "trial-fold"
"""Of the template of a run. What a task takes of others has keys without a dash."""
BEST = "best"
"""The name of the best run, where a file of it is taken."""


class Swept(NamedTuple):
    """A job with trials: the template of a run, that of the pod which selects (None: nothing is asked), and what is asked
    of it, by the names under which it is handed on."""

    name: str  # of the DAG
    job: Job
    trials: Trials
    runner: str
    selector: str | None
    asked: Mapping[str, Selected]

    @property
    def judged(self) -> list[Output]:
        """The values that the selection looks at."""
        names = {self.trials.objective.output} if self.trials.objective else set[str]()
        names |= {source.output for source in self.asked.values() if not isinstance(source, BestParam)}
        return [output for output in self.job.outputs if output.name in names and not output.type.is_file]

    @property
    def gathered(self) -> list[str]:
        """The file outputs of which others take those of all runs."""
        every = self.asked.values()
        return [source.output for source in every if isinstance(source, Collected) and source.type.is_file]

    @property
    def selected(self) -> dict[str, Selected]:
        """What it hands on as values. The folder with the files of all runs has a path that is known."""
        every = self.asked.items()
        return {name: source for name, source in every if not is_gathered(source)}

    @property
    def run(self) -> str:
        """The name of a run, in its template."""
        trial = tag(TRIAL_INPUT) if self.trials.axes else "fold"
        return trial if self.trials.folds is None else f"{trial}-{tag(FOLD_INPUT)}"

    @property
    def labels(self) -> dict[str, str]:
        """What tells the pods of a run from those of others."""
        fold = {} if self.trials.folds is None else {"automl.dev/fold": tag(FOLD_INPUT)}
        return ({"automl.dev/trial": tag(TRIAL_INPUT)} if self.trials.axes else {}) | fold

    @property
    def inputs(self) -> dict[str, str]:
        """What the template of a run is given of its item: its inputs, and the keys of the item."""
        trial = {TRIAL_INPUT: TRIAL_KEY} if self.trials.axes else {}
        fold = {} if self.trials.folds is None else {FOLD_INPUT: FOLD_KEY}
        return trial | fold | {_input(axis.name): axis.name for axis in self.trials.axes}

    def items(self) -> Iterator[Object]:
        """An item for each run. Those of a project are written in the code of outputs, which its start script reads."""
        from automl.runtime.outputs import encode

        text = cache(encode) if self.job.project else str
        axes = [axis.name for axis in self.trials.axes]
        for run in self.trials.runs:
            item: Object = {TRIAL_KEY: run.trial.name} if axes else {}
            if run.fold is not None:
                item[FOLD_KEY] = str(run.fold)
            yield item | {name: text(value) for name, value in zip(axes, run.trial.values, strict=True)}

    def text(self, source: OfTrial | OfFold) -> str:
        """A value of a trial, or of a fold, in the template of a run."""
        if isinstance(source, OfTrial):
            return tag(_input(source.axis))
        return tag(FOLD_INPUT) if source is OfFold.INDEX else str(self.trials.folds)

    def left(self) -> list[Value]:
        """The parameters that Argo collects of a run, but for the values that it leaves."""
        from automl.runtime.select_trials import RUN

        return [{"name": RUN, "value": self.run}] if self.selector else []


def swept_jobs(workflow: Workflow, leaves: Mapping[str, str], names: TaskNames) -> dict[str, Swept]:
    """The jobs with trials, by their names. `leaves`: name of a task to its node."""
    asked: dict[str, dict[str, Selected]] = {}
    for source in (reference.source for task in workflow.tasks for reference in task.values):
        if isinstance(source, Selected):
            asked.setdefault(source.task, {})[handed_as(source)] = source
    return {
        job.name: _swept(job, job.trials, leaves[job.name], asked.get(job.name, {}), names)
        for job in workflow.jobs
        if job.trials
    }


def _swept(job: Job, trials: Trials, leaf: str, asked: Mapping[str, Selected], names: TaskNames) -> Swept:
    runner = names.take(f"{leaf}-trial")
    is_asked = asked or trials.objective or trials.max_failed
    return Swept(leaf, job, trials, runner, names.take(f"{leaf}-select") if is_asked else None, asked)


def handed_as(source: Selected) -> str:
    """The name under which the DAG of the trials hands something on."""
    match source:
        case BestParam():
            return f"param-{source.axis}"
        case Collected():
            return f"all-{source.output}"
        case _:
            return BEST if source.type.is_file else f"best-{source.output}"


def is_gathered(source: Source) -> bool:
    """Whether it is a folder with the files of all runs."""
    return isinstance(source, Collected) and source.type.is_file


def tag(name: str) -> str:
    """What stands for an input in a template."""
    return f"{{{{inputs.parameters.{name}}}}}"


def _input(axis: str) -> str:
    return f"param-{axis}"
