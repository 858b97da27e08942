"""What Kubeflow cannot say of trials: a loop fails as a whole, and what is in an item of it is read by several on the way."""

from collections.abc import Iterator

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import BestOutput, Collected, Job, Task, Workflow

FEWER_TRIALS = "sweep fewer values, or in several workflows"
_FILES = "let a step behind it make the file again of `best.params`, or hand on its address as a value"


def most_swept(workflow: Workflow) -> Job | None:
    """The step whose trials have the most runs, and so take the most room; None if there are no trials."""
    return max((job for job in workflow.jobs if job.trials), key=runs_of, default=None)


def runs_of(job: Job) -> int:
    """How many runs the trials of a step have."""
    return len(job.trials.runs) if job.trials else 0


def of_trials(workflow: Workflow) -> Iterator[Diagnostic]:
    """What a pipeline cannot say of the trials of its steps."""
    for job in workflow.jobs:
        if job.trials and job.project is None:
            yield from _values_of_image(job)
        if job.trials and job.trials.max_failed:
            yield from _failures(job)
    for task in workflow.tasks:
        yield from _files_taken(workflow, task)


def _values_of_image(job: Job) -> Iterator[Diagnostic]:
    """What is in the item of a loop goes to an image as it is, if it gets there."""
    from automl.runtime.outputs import unchanged

    assert job.trials
    for number, axis in enumerate(job.trials.axes):
        for value in dict.fromkeys(trial.values[number] for trial in job.trials.table):
            try:
                unchanged(axis.name, value)
            except ValueError:
                message = f'the value {value!r} of "{axis.name}" cannot go to an image in Kubeflow, which reads it as its own'
                help = "choose among names that the image knows, or run the step from the project's code"
                yield Diagnostic(Code.CANNOT_SAY, message, job.place("sweep"), help)


def _failures(job: Job) -> Iterator[Diagnostic]:
    """A loop of Kubeflow fails as soon as one of its runs does, so a run that may fail has to end well."""
    span = job.place("sweep.max_failed")
    if job.project is None:
        message = (
            f'"max_failed" cannot be said of the image of "{job.step}": a loop of Kubeflow fails as a whole'
        )
        help = "leave it out, or run the step from the project's code, whose start script ends well for it"
        yield Diagnostic(Code.CANNOT_SAY, message, span, help)
        return
    message = (
        f'"max_failed" is for the start script, as a loop of Kubeflow fails as a whole: a run of "{job.step}" that fails ends '
        "well, and its log and its result say that it has failed; one whose pod is stopped, or dies, fails all"
    )
    yield Diagnostic(Code.ENGINE_LIMIT, message, span)


def _files_taken(workflow: Workflow, task: Task) -> Iterator[Diagnostic]:
    """Kubeflow brings those of all runs to who chooses among them. Who judges an image does not know where they are."""
    for source in dict.fromkeys(reference.source for reference in task.values):
        if isinstance(source, BestOutput | Collected) and source.type.is_file:
            [producer] = [job for job in workflow.jobs if job.name == source.task]
            taken = f'"inputs" of "{task.step}" have the file "{source.output}" of the trials of "{producer.step}"'
            if producer.project is None:
                message = f"{taken}, whose code is in its image; in Kubeflow the start script of a project has to say where it is"
                yield Diagnostic(Code.CANNOT_SAY, message, task.place("inputs"), _FILES)
            else:
                message = (
                    f"{taken}: Kubeflow brings those of all {runs_of(producer)} runs to the pod that chooses"
                )
                yield Diagnostic(Code.ENGINE_LIMIT, message, task.place("inputs"))
