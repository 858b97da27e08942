"""What a Slurm cluster makes of each key of a config."""

from types import MappingProxyType

from automl.compiler.capabilities import NATIVE, implied, lost, lowered, partly, refused
from automl.compiler.target import ByKind, Capabilities
from automl.targets.local.capabilities import CAPABILITIES as OF_MACHINE
from automl.targets.objects.capabilities import OfTrials

_NO_SERVICE = refused(
    "a job of Slurm ends, and nobody finds what listens on a node",
    "run the steps before it there, and the service elsewhere: `-t kubernetes`, or `automl run` on a server",
)
_OF_SERVICES = ByKind(service=implied("no service runs there"))
_ANY_NODE = lost("Slurm chooses nodes by their features", "write `targets: {slurm: {constraint: …}}`")
_NO_TAINTS = implied("its nodes have no taints")
_SHARED_DISK = lowered("a folder of the user, on a disk that all nodes have")

_KEPT = lost("runs stay in their folder until you delete them")
_ON_DISK = lowered("where the script makes the folder of the run")
_OF_SBATCH = lowered("the option of sbatch with that name")
_OF_JOB: Capabilities = {
    **dict.fromkeys(("account", "partition", "qos", "nodes", "ntasks", "constraint"), _OF_SBATCH),
    "time": lowered("`--time`"),
    "modules": lowered("`module load` in the job, and for Python on the login node"),
    "setup": lowered("lines of the job, as they are"),
    "options": partly("options of sbatch that the script does not say itself"),
    "container": lowered("what runs the image"),
    "image": partly("of a step in an image: Apptainer runs it instead"),
}
_OF_RUN: Capabilities = {
    **_OF_JOB,
    "python": lowered("what runs the programs of the jobs"),
    "folder": _ON_DISK,
    "install": lowered("what `prepare` and the jobs do"),
    "max_array_size": lowered("as large is an array at most"),
    "gpus": lowered("the word of sbatch for them"),
}

_TRIALS = OfTrials(
    run=lowered("an element of a job array"),
    at_a_time=lowered("`--array=…%N`"),
    may_fail=lowered("a job behind the array counts them"),
    judged=lowered("a job behind the array looks at what all of them have left"),
    limit=lowered("each job waits for the one that many before it (`afterany`), and a sweep for all of them"),
)

CAPABILITIES: Capabilities = MappingProxyType(
    {
        **OF_MACHINE,
        **_TRIALS.rows,
        **{f"targets.slurm.{key}": row for key, row in _OF_RUN.items()},
        **{f"step.targets.slurm.{key}": row for key, row in _OF_JOB.items()},
        "name": lowered("the runs and the jobs are called so"),
        "namespace": implied("a cluster of Slurm has none"),
        "schedule": lowered("`scrontab`, by which Slurm starts the script of a run"),
        "schedule.cron": NATIVE,
        "schedule.timezone": lowered("the script refuses another one than the cluster's"),
        "schedule.concurrency": lowered("a run that is due looks for the jobs of others"),
        "schedule.suspend": lowered("the line of `scrontab` is a comment"),
        "schedule.starting_deadline": lost("a run that is due starts as soon as Slurm has room for it"),
        "schedule.history.success": _KEPT,
        "schedule.history.failed": _KEPT,
        "code.bundle": lowered("in the script; each step gets a copy of its own"),
        "code.git.url": lowered("checked out once, on the login node"),
        "workspace.claim": _SHARED_DISK,
        "volumes.claim": _SHARED_DISK,
        "step.path_to_executable": lowered("a job (`sbatch`)"),
        "step.dependency_path": lowered("a virtual environment, made once on the login node and kept"),
        "step.image": lowered("Apptainer, Singularity, podman or docker runs it"),
        "step.image_pull_policy": lowered("when podman or docker pulls it"),
        "step.image_pull_secrets": implied("what runs images has logins of its own"),
        "step.needs": lowered("`--dependency=afterok`"),
        "step.node_selector": _ANY_NODE,
        "step.tolerations": _NO_TAINTS,
        "step.cpu_request": lowered("`--cpus-per-task`, rounded up"),
        "step.memory_request": lowered("`--mem`, rounded up"),
        "limits.timeout": lowered("each job ends in time, counted from when they were submitted"),
        "priority": lowered("`--nice` of one that is low; only an operator may put one before others"),
        "step.queue": lowered("`--partition`"),
        "step.resources.cpu": lowered("`--cpus-per-task`, rounded up"),
        "step.resources.memory": lowered("`--mem`, rounded up"),
        "step.resources.gpu": lowered("`--gres=gpu:…`"),
        "step.resources.gpu.count": lowered("`--gres=gpu:…`"),
        "step.resources.gpu.resource": implied("Slurm calls them all gpu"),
        "step.resources.gpu.model": lowered("`--gres=gpu:model:…`, as Slurm calls the type"),
        "step.resources.tpu": refused("Slurm has no word for them that every cluster knows"),
        "step.resources.shm": lowered("of podman or docker; what else runs has that of the node"),
        "step.backoff_limit": ByKind(job=lowered("the job tries again; `--requeue` if its node fails")),
        "step.timeout": lowered("of each try; `--time` is for all of them"),
        "step.polling_time": implied("Slurm starts a job as soon as those before it have ended"),
        "step.replicas": _OF_SERVICES,
        "step.min_ready_seconds": _OF_SERVICES,
        "step.revision_history_limit": _OF_SERVICES,
        "step.service": _NO_SERVICE,
        "volumes.config_map": refused("Slurm has none", "put what it holds into a file of the project"),
    }
)
