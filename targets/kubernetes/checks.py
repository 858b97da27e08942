"""What the coordinator has no room for, or nobody to do."""

from collections.abc import Iterator, Sequence

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Collected, Job, Task, Workflow
from automl.compiler.values.dns import cut
from automl.runtime.outputs import LIMIT, LONGEST_MESSAGE, framed
from automl.targets.kubernetes.jobs import template_name
from automl.targets.kubernetes.values import values_of
from automl.targets.sources import trials_of

MAX_FILES_BYTES = 120 * 1024
"""What a pod is told of the files of all trials in one variable. Linux takes none of 128 KiB."""
_A_DIGEST = "-0123456789abcdef"  # behind the name of the template of a Job that is one of many
_MOST_NAMED = 3
_FEWER = "sweep fewer values, or take the file of the best"


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
    """Files of all trials where nobody brings them, or of so many that no pod could be told."""
    jobs = {job.name: job for job in workflow.jobs}
    for task in workflow.tasks:
        for source in dict.fromkeys(reference.source for reference in task.values):
            if isinstance(source, Collected) and source.type.is_file:
                yield from _files(workflow, task, jobs[source.task], source.output)


def _files(workflow: Workflow, task: Task, swept: Job, output: str) -> Iterator[Diagnostic]:
    what = f'"{task.step}" cannot take the files of all trials'
    trials = trials_of(swept)
    assert trials
    if not workflow.workspace:
        help = "leave out `artifacts`, so that files are on the workspace, or take that of the best"
        yield Diagnostic(
            Code.CANNOT_SAY, f"{what}: they are in a bucket, one by one", task.place("inputs"), help
        )
        return
    names = [cut(template_name(workflow, swept) + _A_DIGEST) for _ in trials.runs()]
    size = len(trials.files(f"{workflow.workspace.path}/runs", output, names).encode())
    if size > MAX_FILES_BYTES:
        message = (
            f"{what}: the names of {len(names):,} runs take {size // 1024} KiB in a variable; "
            f"the limit is {MAX_FILES_BYTES // 1024} KiB"
        )
        yield Diagnostic(Code.CANNOT_SAY, message, task.place("inputs"), _FEWER)
