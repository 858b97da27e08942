"""What a machine makes of each key of a config."""

from types import MappingProxyType

from automl.compiler.capabilities import NATIVE, implied, lost, lowered, partly, refused
from automl.compiler.target import ByKind, Capabilities
from automl.targets.objects.capabilities import COUNTED, OfTrials, of_trackers

_IN_RECORD = lowered("in the record of the run")
_IN_FOLDER = implied("files stay in the folder of the run")
_NO_CLUSTER = implied("a machine has none")
_ONE_MACHINE = implied("it runs where it is started")
_ONCE = implied("it runs once, when it is started")
_DISK = "a folder of the user"
_HAS_ROOM = implied("a folder of the user has what is free where it is")
_CHECKOUT = lowered("checked out once, when the run starts")
_SECRET = lowered("files of the user, a folder for each secret")
_GPUS = lowered("what the run asks the queue for, and shares out among its steps by number")
_AT_ONCE = implied("it is seen at once that a process has ended")


_TRIALS = OfTrials(
    run=lowered("a process for each"),
    at_a_time=lowered("no more are started"),
    may_fail=lowered("the run goes on without them"),
    judged=lowered("the run looks at what all of them have left"),
    limit=lowered("no more are started, whatever `--jobs` says"),
)

_NO_ACCOUNT = lost("what runs here has no account of a cluster, but your own rights")
_YOU = lost("what runs here runs as you, in images, too")
CAPABILITIES: Capabilities = MappingProxyType(
    {
        **_TRIALS.rows,
        **of_trackers(_SECRET),
        "limits.max_tasks": COUNTED,
        "limits.timeout": lowered("the run is stopped then; one that goes on later has as long again"),
        "version": _IN_RECORD,
        "priority": lowered("of the run in the queue of the machine, unless `--priority` says another"),
        "name": lowered("the runs are called so"),
        "namespace": _NO_CLUSTER,
        "description": _IN_RECORD,
        "labels": _IN_RECORD,
        "annotations": _IN_RECORD,
        "params": lowered("variables of every step, and worked out where expressions have them"),
        "schedule": _ONCE,
        "schedule.cron": _ONCE,
        "schedule.timezone": _ONCE,
        "schedule.concurrency": _ONCE,
        "schedule.suspend": _ONCE,
        "schedule.starting_deadline": _ONCE,
        "schedule.history.success": _ONCE,
        "schedule.history.failed": _ONCE,
        "service_account": _NO_ACCOUNT,
        "image_registry": implied("what has no image runs on the machine itself"),
        "code.git.url": _CHECKOUT,
        "code.git.ref": _CHECKOUT,
        "code.git.token_secret": _CHECKOUT,
        "code.git.token_secret.name": _CHECKOUT,
        "code.git.token_secret.key": _CHECKOUT,
        "code.git.token_secret.username_key": _CHECKOUT,
        "code.image": NATIVE,
        "code.bundle": lowered("in the program; each step gets a copy of its own"),
        "code.bundle.include": lowered("what is packed"),
        "code.bundle.exclude": lowered("what is packed"),
        "workspace.size": _IN_FOLDER,
        "workspace.storage_class": _IN_FOLDER,
        "workspace.access": _IN_FOLDER,
        "workspace.claim": lowered(_DISK),
        "workspace.path": partly("with a `claim`, or in images"),
        "volumes.claim": lowered(_DISK),
        "volumes.size": _HAS_ROOM,
        "volumes.access": _HAS_ROOM,
        "volumes.storage_class": _HAS_ROOM,
        "volumes.empty_dir": partly("in images: a folder for each try"),
        "volumes.config_map": refused("a machine has none", "put what it holds into a file of the project"),
        "volumes.secret": partly("in images: the folder of the secret"),
        "defaults": lowered("part of every step"),
        "stages": NATIVE,
        "stage.needs": NATIVE,
        "step.step_name": NATIVE,
        "step.path_to_executable": lowered("a process"),
        "step.dependency_path": lowered("a virtual environment, made once and kept"),
        "step.image": lowered("podman or docker runs it"),
        "step.command": NATIVE,
        "step.entrypoint": NATIVE,
        "step.args": NATIVE,
        "step.envs": NATIVE,
        "step.needs": NATIVE,
        "step.volumes": lowered("a folder that an image sees at the path, or that the path leads to"),
        "step.secrets": _SECRET,
        "step.secrets.name": _SECRET,
        "step.secrets.keys": _SECRET,
        "step.image_pull_secrets": implied("podman and docker have logins of their own"),
        "step.image_pull_policy": lowered("when podman or docker pulls it"),
        "step.service_account": _NO_ACCOUNT,
        "step.run_as.user": _YOU,
        "step.run_as.group": _YOU,
        "step.run_as.image": _YOU,
        "step.node_selector": _ONE_MACHINE,
        "step.tolerations": _ONE_MACHINE,
        "step.tolerations.key": _ONE_MACHINE,
        "step.tolerations.operator": _ONE_MACHINE,
        "step.tolerations.value": _ONE_MACHINE,
        "step.tolerations.effect": _ONE_MACHINE,
        "step.tolerations.toleration_seconds": _ONE_MACHINE,
        "step.cpu_request": lowered("what the run asks the queue for"),
        "step.memory_request": lowered("what the run asks the queue for"),
        "step.queue": implied("a machine has one queue, and all runs wait there"),
        "step.resources.cpu": lowered("what the run asks the queue for"),
        "step.resources.memory": lowered("what the run asks the queue for"),
        "step.resources.gpu": _GPUS,
        "step.resources.gpu.count": _GPUS,
        "step.resources.gpu.resource": partly("NVIDIA's, of which the queue knows what is free"),
        "step.resources.gpu.model": lowered("those of this name that `nvidia-smi -L` lists"),
        "step.resources.tpu": lost("nobody hands out TPUs here: a step takes what the machine has"),
        "step.resources.shm": lowered("of podman or docker; a process has that of the machine"),
        "step.resources.ephemeral_storage": _HAS_ROOM,
        "step.resources.limits.cpu": lowered("podman or docker holds an image to it, nobody a process"),
        "step.resources.limits.memory": lowered("podman or docker holds an image to it, nobody a process"),
        "step.backoff_limit": ByKind(job=NATIVE),
        "step.timeout": NATIVE,
        "step.polling_time": _AT_ONCE,
        "step.wait_before_start_time": _AT_ONCE,
        "step.replicas": ByKind(service=implied("one process answers")),
        "step.min_ready_seconds": ByKind(service=lowered("so long it must stay ready")),
        "step.revision_history_limit": ByKind(service=implied("it has no revisions")),
        "step.service": lowered("a process that is kept"),
        "step.service.port": lowered("where it has to listen, on this machine"),
        "step.service.ingress": implied("it is reached at its port of this machine"),
        "step.service.ingress.host": implied("it is reached at its port of this machine"),
        "step.service.ingress.path": implied("it is reached at its port of this machine"),
        "step.service.ingress.class": implied("it is reached at its port of this machine"),
        "step.service.ingress.tls_secret": implied("it is reached at its port of this machine"),
        "step.service.max_startup_time_seconds": lowered("it is waited for so long"),
        "step.service.readiness.path": lowered("asked until it answers"),
        "step.labels": _IN_RECORD,
        "step.annotations": _IN_RECORD,
        "artifacts.engine": _IN_FOLDER,
        "artifacts.store": _IN_FOLDER,
        "artifacts.secret": _IN_FOLDER,
        "step.inputs": lowered("variables"),
        "step.outputs": ByKind(job=lowered("values: in the record of the run; files: in its folder")),
        "step.outputs.type": ByKind(job=lowered("what is checked when the step has ended")),
        "step.outputs.path": ByKind(
            job=partly("of the project alone: from there it goes to the folder of the run")
        ),
        "step.params_file.path": partly("of the project alone: it is put there before the step starts"),
    }
)
