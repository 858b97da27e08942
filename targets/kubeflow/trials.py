"""The trials of a step: a loop over what runs it, and a task behind the loop that judges what all of them have left.

The loop is a DAG with one item of a list at a time, as `ParallelFor` of Kubeflow's SDK writes it. What a run hands on is
one text with the values that somebody asks for, and the name of the run: the list that Kubeflow makes of them tells
neither which run left which, nor who failed.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict

from automl.compiler.ir import (
    BestOutput,
    BestParam,
    Collected,
    Command,
    Job,
    OfFold,
    OfTrial,
    Output,
    OutputOf,
    Reference,
    Task,
    Trials,
    Type,
    Workflow,
)
from automl.compiler.ir.trials import TrialRun
from automl.compiler.records import NamedTuple
from automl.compiler.values.images import PYTHON_IMAGE
from automl.targets.kubeflow.parameters import key_of, keys_of
from automl.targets.objects.escape import in_json
from automl.targets.sources import source_of, trials_of

RESULT = "/result"
RESULTS = "AUTOML_RESULTS"
_SELECTION = "/selection"  # in the name of no task else: it is no part of a DNS label

OfTrials = BestParam | BestOutput | Collected
Taken = OutputOf | OfTrials
"""What a task takes of another."""


class Loop(NamedTuple):
    """The loop over the runs of a job: the input of it that has an item, and what a run is given, by the keys of its inputs.

    `trial` is the key of its name. The number of folds is no matter of an item. `judged` are the outputs that a run hands on.
    """

    job: Job
    item: str
    trial: str
    sources: Mapping[str, OfTrial | OfFold]
    judged: frozenset[str]

    @property
    def keys(self) -> list[str]:
        """What an item has."""
        return [self.trial, *(key for key, source in self.sources.items() if source is not OfFold.COUNT)]

    def key(self, source: OfTrial | OfFold) -> str:
        """The input with a value."""
        return next(key for key, of in self.sources.items() if of == source)

    def constants(self) -> dict[str, str]:
        """What is the same in all runs."""
        assert self.job.trials
        count = str(self.job.trials.folds)
        return {key: count for key, source in self.sources.items() if source is OfFold.COUNT}

    @property
    def max_parallel(self) -> int | None:
        """How many runs there are at a time."""
        return self.job.trials and self.job.trials.max_parallel

    def items(self) -> str:
        """The list that it goes through, as JSON."""
        assert self.job.trials
        items = [self._item(self.job.trials, run) for run in self.job.trials.runs]
        return json.dumps(items, separators=(",", ":"), ensure_ascii=False)

    def _item(self, trials: Trials, run: TrialRun) -> dict[str, str]:
        from automl.runtime.outputs import encode

        values = dict(zip((axis.name for axis in trials.axes), run.trial.values, strict=True))
        item = {self.trial: run.name}
        for key, source in self.sources.items():
            if isinstance(source, OfTrial):
                item[key] = encode(values[source.axis]) if self.job.project else values[source.axis]
            elif source is OfFold.INDEX:
                item[key] = str(run.fold)
        return item


def loop_of(workflow: Workflow, job: Job) -> Loop:
    """The loop over the runs of a job."""
    assert job.trials
    sources: dict[str, OfTrial | OfFold] = {
        key_of(axis.name): OfTrial(axis.name, axis.type) for axis in job.trials.axes
    }
    if job.trials.folds:
        sources |= {f"fold_{field}": field for field in OfFold}
    taken = {*keys_of(workflow).values(), *sources}
    judged = frozenset(_judged(workflow, job))
    return Loop(job, _free("item", taken), _free("trial", taken), sources, judged)


def _free(key: str, taken: Collection[str]) -> str:
    while key in taken:
        key += "_"
    return key


def asked_of(workflow: Workflow, job: Job) -> list[OfTrials]:
    """What tasks take of all trials of a job, or of the best. Sources of two kinds are equal if they have the same words."""
    sources = (reference.source for task in workflow.tasks for reference in task.values)
    taken = (source for source in sources if isinstance(source, OfTrials))
    return list({selected(source): source for source in taken if source.task == job.name}.values())


def _judged(workflow: Workflow, job: Job) -> Iterator[str]:
    """The outputs that a run has to hand on: that by which it is judged, and those that somebody takes."""
    if job.trials and job.trials.objective:
        yield job.trials.objective.output
    for source in asked_of(workflow, job):
        if not isinstance(source, BestParam):
            yield source.output


def selection_of(workflow: Workflow, job: Job) -> Job | None:
    """The task that judges the trials of a job, if anything hangs on that."""
    trials, asked = job.trials, asked_of(workflow, job)
    if trials is None or not (asked or trials.objective or trials.max_failed):
        return None
    results = Reference(RESULTS, OutputOf(job.name, RESULT, Type.JSON))
    files = {
        source.output: source.type
        for source in asked
        if source.type.is_file and not isinstance(source, BestParam)
    }
    return job._replace(
        name=job.name + _SELECTION,
        image=workflow.own_image(PYTHON_IMAGE),
        command=Command(None, ()),
        project=None,
        variables=(),
        secrets=(),
        mounts=(),
        uses_workspace=False,
        values=(results, *(Reference(name, OutputOf(job.name, name, type)) for name, type in files.items())),
        outputs=tuple(Output(selected(source), source.type, None, job.span) for source in asked),
    )


def selected(source: OfTrials) -> str:
    """The output of a selection that a source is, as the program that selects reads it: `best:auc`."""
    words = source_of(source)
    [(kind, name)] = [(kind, name) for kind, name in words.items() if kind not in ("task", "file")]
    return f"{kind}:{name}"


def plan_of(selection: Job) -> str:
    """What the program that selects has to know of the trials, as JSON."""
    types = {output.name.partition(":")[2]: str(output.type) for output in selection.outputs}
    trials = trials_of(selection)
    assert trials
    return in_json({"trials": asdict(trials), "types": types}, indent=None)


def selected_by(task: Task) -> str | None:
    """The name of the job whose trials a task judges; None if it is another task."""
    return task.name.removesuffix(_SELECTION) if task.name.endswith(_SELECTION) else None


def selection_name(task: str) -> str:
    """The name of the task that judges the trials of another."""
    return task + _SELECTION
