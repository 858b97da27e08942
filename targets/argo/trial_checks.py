"""What Argo cannot say of trials: told before it is emitted, with the place in the config, and with counts."""

from collections.abc import Iterable, Iterator

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import BestOutput, Collected, Task, Workflow
from automl.targets.argo.overflow import MAX_TEMPLATE_BYTES
from automl.targets.argo.swept import Swept
from automl.targets.objects.json import canonical, size_in_go, size_of
from automl.targets.objects.metadata import Object

MAX_RESULTS_BYTES = 120 * 1024
"""What the pod that selects is told in one word. Beyond 128 KiB for all of its template Argo makes a ConfigMap, for which
it has no right as it is installed (argo-workflows issue 14073)."""
_A_VALUE = "0.1234567890123456"  # such as programs write
_SMALLER = "sweep fewer values, or make several steps of it"


def files_of_trials(workflow: Workflow) -> Iterator[Diagnostic]:
    """Files of trials that steps take where Argo has no names for them: of these no template can be made."""
    for task in workflow.tasks:
        yield from _files(workflow, task)


def of_trials(swept: Iterable[Swept], templates: Iterable[Object]) -> Iterator[Diagnostic]:
    """What cannot be said of the runs of trials. Among the templates is that of each step."""
    by_name = {template["name"]: template for template in templates}
    for one in swept:
        yield from _values(one)
        yield from _sizes(one, size_of(by_name[one.name]))


def _files(workflow: Workflow, task: Task) -> Iterator[Diagnostic]:
    for source in (reference.source for reference in task.values):
        if not isinstance(source, BestOutput | Collected) or not source.type.is_file:
            continue
        help = "leave out `artifacts`, so that files are on the workspace"
        if workflow.by_engine:
            message = f'"{task.step}" cannot take files of trials: in a repository of Argo their names are known to nobody'
            yield Diagnostic(Code.CANNOT_SAY, message, task.place("inputs"), help)
        elif workflow.store and isinstance(source, Collected):
            message = f'"{task.step}" cannot take the files of all trials: Argo hands on one artifact, and no list of them'
            yield Diagnostic(Code.CANNOT_SAY, message, task.place("inputs"), help)


def _values(swept: Swept) -> Iterator[Diagnostic]:
    """A value for an image that would not arrive, and which nothing decodes there."""
    from automl.runtime.outputs import unchanged

    if swept.job.project:
        return
    for trial in swept.trials.table:
        for axis, text in zip(swept.trials.axes, trial.values, strict=True):
            try:
                unchanged(axis.name, text)
            except ValueError:
                message = f'"{axis.name}" cannot be {text!r} in an image: Argo or Kubernetes would change it on its way'
                help = "sweep a name for it, and let the program look up what that is"
                yield Diagnostic(Code.CANNOT_SAY, message, swept.job.place("sweep"), help)
                return


def _sizes(swept: Swept, size: int) -> Iterator[Diagnostic]:
    """Trials that are too many for an object, or for one word of the program that selects."""
    count = len(swept.trials.runs)
    what = f'the {count:,} runs of "{swept.job.step}"'
    if size > MAX_TEMPLATE_BYTES:
        message = f"{what} take {size // 1024} KiB in Argo; the limit is {MAX_TEMPLATE_BYTES // 1024} KiB"
        yield Diagnostic(Code.CANNOT_SAY, message, swept.job.place("sweep"), _SMALLER)
    elif swept.selector and (results := results_bytes(swept)) > MAX_RESULTS_BYTES:
        message = (
            f"what {what} leave takes {results // 1024} KiB in Argo, for the pod that selects; "
            f"the limit is {MAX_RESULTS_BYTES // 1024} KiB"
        )
        yield Diagnostic(Code.CANNOT_SAY, message, swept.job.place("sweep"), _SMALLER)


def results_bytes(swept: Swept) -> int:
    """The results of all runs as a word of a command, in JSON in Go's manner."""
    from automl.runtime.select_trials import RUN

    values = {output.name: _A_VALUE for output in swept.judged}
    return size_in_go(canonical([{RUN: run.name} | values for run in swept.trials.runs]))
