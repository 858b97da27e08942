"""What a config says for Slurm that does not go with what the script says itself."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Job, TargetOptions, Workflow
from automl.compiler.patterns import regex
from automl.compiler.source import Span
from automl.targets.local.mounts import is_process
from automl.targets.slurm.options import options_of, seconds_of, written_of

_OWN: Mapping[str, str] = MappingProxyType(
    {
        "account": "write `account: …` beside it instead",
        "array": "`sweep` makes arrays",
        "chdir": "a step runs in a copy of the project",
        "clusters": "run the script on a login node of that cluster",
        "comment": "the script finds its jobs by that",
        "constraint": "write `constraint: …` beside it instead",
        "cpus-per-task": "write `cpu_request: …` in the step instead",
        "dependency": "write `needs: […]` in the step instead",
        "error": "`logs` of the run has what a step prints",
        "export": "write `envs: {…}` in the step instead",
        "export-file": "write `envs: {…}` in the step instead",
        "get-user-env": "a job begins as a login does",
        "help": "remove it",
        "input": "write `inputs: {…}` in the step instead",
        "job-name": "jobs are called after the workflow and the step",
        "kill-on-invalid-dep": "what comes after a step that has failed never runs",
        "mem": "write `memory_request: …` in the step instead",
        "mem-per-cpu": "write `memory_request: …` in the step instead",
        "mem-per-gpu": "write `memory_request: …` in the step instead",
        "no-requeue": "a step without `backoff_limit` is not requeued",
        "nodes": "write `nodes: …` beside it instead",
        "ntasks": "write `ntasks: …` beside it instead",
        "open-mode": "what a job says is added to what it has said",
        "output": "`logs` of the run has what a step prints",
        "parsable": "the script reads what sbatch prints",
        "partition": "write `partition: …` beside it instead",
        "qos": "write `qos: …` beside it instead",
        "quiet": "the script reads what sbatch prints",
        "requeue": "write `backoff_limit: …` in the step instead",
        "test-only": "`bash SCRIPT --check` looks whether all is there, and submits nothing",
        "time": "write `time: …` beside it instead",
        "usage": "remove it",
        "version": "remove it",
        "wait": "`squeue` shows what goes on",
        "wrap": "the script says what a job does",
    }
)
_CONTROL = regex(r"[\x00-\x08\x0b-\x1f\x7f]")


def checks(workflow: Workflow) -> Iterator[Diagnostic]:
    """All of them: what is written once for many steps is said once."""
    of_all = [(written_of(one.targets), one.span) for one in (workflow, *workflow.tasks)]
    by_place = {id(written): (written, span) for written, span in of_all}
    said = [diagnostic for written, span in by_place.values() for diagnostic in _of_options(written, span)]
    said += [*_priority(workflow), *_images(workflow), *(one for job in workflow.jobs for one in _times(job))]
    yield from dict.fromkeys(said)


def _priority(workflow: Workflow) -> Iterator[Diagnostic]:
    """A run that wants to come before others, which Slurm lets operators alone say."""
    if workflow.priority == "high":
        message = "the run comes as others do: only an operator of Slurm may put a job before others"
        help = "name a QOS whose jobs come first: `targets: {slurm: {qos: …}}`"
        yield Diagnostic(Code.ENGINE_LIMIT, message, workflow.spans["priority"], help)


def _of_options(written: TargetOptions, span: Span) -> Iterator[Diagnostic]:
    options = options_of({"slurm": written})
    for word in options.options:
        name = word.removeprefix("--").partition("=")[0]
        own = next(
            (own for own in _OWN if own.startswith(name)), None
        )  # sbatch takes the beginning of a word, too
        if own is not None:
            message = f'"{word}" cannot be among the options: whether there is "--{own}" is up to the script'
            yield Diagnostic(Code.CANNOT_SAY, message, written.place("options") or span, _OWN[own])
    if any(_CONTROL.search(line) for line in options.setup):
        message = '"setup" has a control character, and bash would lose it'
        yield Diagnostic(
            Code.CANNOT_SAY, message, written.place("setup") or span, "write it as `$'\\x01'` of bash"
        )


def _images(workflow: Workflow) -> Iterator[Diagnostic]:
    """A file of Apptainer's where nothing runs in an image."""
    of_run = written_of(workflow.targets).place("image")
    in_vain = [task for task in workflow.tasks if is_process(task)]
    for task in in_vain:
        place = written_of(task.targets).place("image")
        if place is not None and (place != of_run or len(in_vain) == len(workflow.tasks)):
            message = '"image" stands here for the `image` of a step, and there is none'
            help = "give the step an `image` with its `command`, or remove it"
            yield Diagnostic(Code.CANNOT_SAY, message, place, help)


def _times(job: Job) -> Iterator[Diagnostic]:
    """A limit of Slurm's that ends a try before its own deadline."""
    time = options_of(job.targets).time
    if time is not None and job.deadline is not None and 0 < seconds_of(time) < job.deadline:
        message = f'"time" ends the job after {seconds_of(time):,} seconds, before `timeout`, which is {job.deadline:,}'
        help = "leave it out: a job has the time of all its tries, or give the step a shorter `timeout`"
        yield Diagnostic(Code.CANNOT_SAY, message, written_of(job.targets).place("time") or job.span, help)
