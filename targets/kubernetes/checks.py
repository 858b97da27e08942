"""What the coordinator has no room for, or nobody to do."""

from collections.abc import Iterator, Sequence

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Collected, Job, Workflow
from automl.runtime.outputs import LIMIT, LONGEST_MESSAGE, framed
from automl.targets.kubernetes.values import values_of

_MOST_NAMED = 3


def too_many_values(workflow: Workflow) -> Iterator[Diagnostic]:
    """The jobs whose values may not fit beside their names, while they are as large as values may be."""
    for job in workflow.jobs:
        names = values_of(job)
        if names and (size := longest_message(names)) > LONGEST_MESSAGE:
            yield _too_many(job, names, size - LIMIT)


def longest_message(names: Sequence[str]) -> int:
    """The bytes of the longest message of values with these names: the more of them are long, the longer their lengths."""
    size, left = len(framed(dict.fromkeys(names, ""))) + LIMIT, LIMIT
    for more in (10, 90, 900):  # by which a length of 0, 10 or 100 bytes gets a digit more
        longer = min(len(names), left // more)
        size, left = size + longer, left - longer * more
    return size


def _too_many(job: Job, names: Sequence[str], size: int) -> Diagnostic:
    shown = ", ".join(f'"{name}"' for name in names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    message = (
        f"the names of the values {shown}{more} take {size:,} bytes with their lengths; "
        f"Kubernetes has room for {LONGEST_MESSAGE - LIMIT:,} beside {LIMIT:,} of the values themselves"
    )
    help = "give shorter names, or hand on several values as one output of the type `json`"
    [first, *_] = [output for output in job.outputs if output.name == names[0]]
    return Diagnostic(Code.CANNOT_SAY, message, first.span, help)


def files_of_all(workflow: Workflow) -> Iterator[Diagnostic]:
    """Files of all trials, for which nobody on the cluster makes one folder yet."""
    for task in workflow.tasks:
        sources = (reference.source for reference in task.values)
        if any(isinstance(source, Collected) and source.type.is_file for source in sources):
            message = (
                f'"{task.step}" cannot take the files of all trials: no pod has all of them in one folder yet'
            )
            help = "take that of the best, `steps.x.best.outputs.y`, or let the trials hand on values"
            yield Diagnostic(Code.CANNOT_SAY, message, task.place("inputs"), help)
