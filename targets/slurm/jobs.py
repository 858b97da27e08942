"""The jobs of a workflow, a readable block for each task: what it waits for, what it asks of Slurm, and what it does."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from automl.compiler.ir import Barrier, Job, Workflow
from automl.targets.slurm.options import options_of, seconds_of
from automl.targets.writers.shell import command, fed, line

_MEBIBYTE = 2**20
_GRACE = 10  # seconds that a try has to end, when it is asked to
_BESIDE = 60  # seconds for what a job does beside its tries
_INSTALLING = 900  # seconds for making an environment
_NICE = 1000  # of a run of low priority
_JUDGE = ("--cpus-per-task=1", "--mem=200M", "--time=10")
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
            yield _barrier(workflow, node.name, waiting[node.name], followers[node.name])


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


def _barrier(workflow: Workflow, name: str, before: Sequence[str], followers: int) -> str:
    if followers * len(before) <= _MANY:
        return command(["barrier", name, *before])
    return command(["join", name, *options_of(workflow.targets).whose, *before])


def _job(workflow: Workflow, job: Job, before: Sequence[str]) -> str:
    after, options = command(["after", *before]), [*_options(workflow, job)]
    if job.trials is None:
        return after + _fed(job, ["submit", job.name, *options], job.name)
    at_a_time = min(filter(None, (job.trials.max_parallel, workflow.max_parallel)), default=0)
    trials = ["trials", job.name, str(len(job.trials.runs)), str(at_a_time), *options]
    judge = [
        "judge",
        job.name,
        *options_of(job.targets).whose,
        *_queue(job),
        f"--job-name={workflow.name}.{job.name}",
        *_JUDGE,
    ]
    return (
        after
        + _fed(job, trials, f'{job.name} --run "$((first + SLURM_ARRAY_TASK_ID))"')
        + _fed(job, judge, job.name)
    )


def _fed(job: Job, words: Sequence[str], arguments: str) -> str:
    """A command with what its job does."""
    options = options_of(job.targets)
    modules = [f"{line(['module', 'load', *options.modules])} || exit"] if options.modules else []
    return fed(command(words).rstrip(), "\n".join([*modules, *options.setup, f"{_ENTRY} {arguments}"]), "JOB")


def _options(workflow: Workflow, job: Job) -> Iterator[str]:
    """What sbatch is told: the user's own first, since the last one counts."""
    options = options_of(job.targets)
    yield from options.words
    yield f"--job-name={workflow.name}.{job.name}"
    yield f"--cpus-per-task={_up(job.resources.cpu.amount, 1000)}"
    yield f"--mem={_up(job.resources.memory.amount, _MEBIBYTE)}M"
    yield from _queue(job)
    if workflow.priority == "low":
        yield f"--nice={_NICE}"
    if gpu := job.resources.gpu:
        kind = [gpu.model] if gpu.model else []
        yield options_of(workflow.targets).option_of_gpus + ":".join([*kind, str(gpu.number)])
    if options.time is not None:
        yield f"--time={_up(seconds_of(options.time), 60)}"
    elif job.deadline is not None:
        of_all = (job.deadline + _GRACE) * (job.retries + 1) + _BESIDE
        yield f"--time={_up(of_all + (_INSTALLING if _installs(workflow, job) else 0), 60)}"
    yield "--requeue" if job.retries else "--no-requeue"


def _queue(job: Job) -> list[str]:
    """Where a job waits; what is said for Slurm alone counts."""
    queue = job.placement.queue
    return [f"--partition={queue}"] if queue and not options_of(job.targets).partition else []


def _installs(workflow: Workflow, job: Job) -> bool:
    """Whether the environment of a job may be made in it."""
    return options_of(workflow.targets).install == "job" and job.project is not None


def _up(amount: int, unit: int) -> int:
    return -(-amount // unit)
