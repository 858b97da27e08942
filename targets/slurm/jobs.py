"""The jobs of a workflow, a readable block for each task: what it waits for, what it asks of Slurm, and what it does."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from automl.compiler.ir import Barrier, Job, Workflow
from automl.targets.writers.shell import fed, words

_MEBIBYTE = 2**20
_GRACE = 10  # seconds that a try has to end, when it is asked to
_BESIDE = 60  # seconds for what a job does beside its tries
_MANY = 64 * 64  # edges through one barrier
_ENTRY = 'exec "$python" -I "$run/runtime/slurm/entry.py" job'


def jobs(workflow: Workflow) -> Iterator[str]:
    """The blocks in the order of the nodes: each stands behind those that it waits for."""
    waiting = _waiting(workflow)
    followers = Counter(name for names in waiting.values() for name in names)
    for node in workflow.nodes:
        if isinstance(node, Job):
            yield _job(workflow, node, waiting[node.name])
        elif isinstance(node, Barrier) and followers[node.name]:
            yield _barrier(node.name, waiting[node.name], followers[node.name])


def _waiting(workflow: Workflow) -> Mapping[str, Sequence[str]]:
    """What each node waits for: no barrier of a single node, and no node that is behind one of its barriers anyway."""
    waiting: dict[str, Sequence[str]] = {}
    barriers: dict[str, Sequence[str]] = {}
    for node in workflow.nodes:
        names = [name for edge in node.after for name in _without_single(edge.node, barriers)]
        behind = {name for barrier in names for name in barriers.get(barrier, ())}
        waiting[node.name] = [name for name in dict.fromkeys(names) if name not in behind]
        if isinstance(node, Barrier):
            barriers[node.name] = waiting[node.name]
    return waiting


def _without_single(name: str, barriers: Mapping[str, Sequence[str]]) -> Sequence[str]:
    before = barriers.get(name, ())
    return before if name in barriers and len(before) <= 1 else (name,)


def _barrier(name: str, before: Sequence[str], followers: int) -> str:
    command = "join" if followers * len(before) > _MANY else "barrier"
    return f"{words([command, name, *before])}\n"


def _job(workflow: Workflow, job: Job, before: Sequence[str]) -> str:
    options = words(_options(workflow, job))
    after = f"{words(['after', *before])}\n"
    if job.trials is None:
        return after + fed(f"submit {job.name} {options}", f"{_ENTRY} {job.name}", "JOB")
    count = len(job.trials.runs)
    at_a_time = min(filter(None, (job.trials.max_parallel, workflow.max_parallel)), default=0)
    run = f'{_ENTRY} {job.name} --run "$((first + SLURM_ARRAY_TASK_ID))"'
    judge = words([f"--job-name={workflow.name}.{job.name}", "--cpus-per-task=1", "--mem=200M", "--time=10"])
    return (
        after
        + fed(f"trials {job.name} {count} {at_a_time} {options}", run, "JOB")
        + fed(f"judge {job.name} {judge}", f"{_ENTRY} {job.name}", "JOB")
    )


def _options(workflow: Workflow, job: Job) -> Iterator[str]:
    yield f"--job-name={workflow.name}.{job.name}"
    yield f"--cpus-per-task={_up(job.resources.cpu.amount, 1000)}"
    yield f"--mem={_up(job.resources.memory.amount, _MEBIBYTE)}M"
    if job.deadline is not None:
        seconds = (job.deadline + _GRACE) * (job.retries + 1) + _BESIDE
        yield f"--time={_up(seconds, 60)}"
    yield "--requeue" if job.retries else "--no-requeue"


def _up(amount: int, unit: int) -> int:
    return -(-amount // unit)
