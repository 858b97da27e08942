"""What the last words of a pod, by which values travel, have no room for."""

from collections.abc import Iterator, Sequence

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Job, Workflow
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
