"""What Kubeflow Pipelines make of each key of a config: as a package, in Kubernetes, and on Vertex AI."""

from types import MappingProxyType

from automl.compiler.capabilities import NATIVE, implied, lost, lowered, partly, refused, since
from automl.compiler.target import ByKind, Capabilities
from automl.targets.kubeflow import checks, vertex
from automl.targets.objects.capabilities import ON_KUBERNETES, OfTrials

_NO_CLAIMS = refused(
    "a package holds no claims",
    "make a claim once and name it, `claim: …`, instead; or use `-t kubeflow-native`, which makes it",
)
_CLAIM_HAS_IT = implied("a claim that is there has its own")
_MOUNTS = partly("not `:ro` of a disk, for which Kubeflow has no word")
_CALLED_SO = "whose name is that of a volume, too: without a dot, of at most 63 characters"
_OWN_STORE = refused(
    "Kubeflow keeps artifacts in a store of its own, below the root of the pipeline",
    "leave it out: files are artifacts of Kubeflow",
)
_POD_LABELS = lowered("on the pods of every step (`podMetadata`)")
_MANIFEST = lowered("in the Deployment that the last task applies")
_INGRESS = lowered("in the Ingress that the last task applies")
_FIRST_TASK = lowered("a first task checks it out, once for the whole run")
_NO_SCHEDULE = "a package holds no schedule"
_COMMAND = partly("a job needs a command: no image is started by its own entrypoint")
_WHOLE_SECRETS = partly("all keys of a Secret for steps of the project; the job of an image has to name them")
_INPUTS = lowered("inputs of its task: parameters, and artifacts for files")
_OUTPUTS = lowered("outputs of its task: parameters, and artifacts for files")
_VALUES = partly("values; files go to the tasks of a run only, and a service outlives it")

_NO_ACCOUNT = refused(
    "all pods of a run have the account that the run is started with",
    "leave it out, and choose the account when a run is started",
)
_ACCOUNT_OF_RUN = lost("a run is started with an account", "choose it when a run is started")
_USER = lowered("the `securityContext` of its pods")
_NO_USER = refused("Kubeflow has it since 2.16", "use `--target-version 2.16`, if what runs it is as new")
_USER_OF_IMAGE = implied("it is the user of the image anyway")

_TRIALS = OfTrials(
    run=lowered("a run in one loop over the list of them, as of `ParallelFor`"),
    at_a_time=lowered("the `parallelismLimit` of its loop"),
    may_fail=partly("steps of the project alone: a loop fails as a whole, so what may fail has to end well"),
    judged=lowered("a task behind the loop looks at what all runs have left"),
    limit=refused(
        "Kubeflow has no limit of how many tasks of a run go on at a time",
        "limit each sweep by itself: `sweep: {max_parallel: …}`",
    ),
)

PACKAGE: Capabilities = MappingProxyType(
    {
        **ON_KUBERNETES,
        **_TRIALS.rows,
        "workspace.size": _NO_CLAIMS,
        "workspace.storage_class": _NO_CLAIMS,
        "workspace.access": _CLAIM_HAS_IT,
        "workspace.claim": partly(f"a mount of every step (`pvcMount`); one {_CALLED_SO}"),
        "workspace.path": partly("with a `claim`"),
        "volumes.claim": partly(f"`pvcMount`; one {_CALLED_SO}"),
        "volumes.size": _NO_CLAIMS,
        "volumes.access": _CLAIM_HAS_IT,
        "volumes.storage_class": _NO_CLAIMS,
        "volumes.empty_dir": lowered("`emptyDirMounts`"),
        "volumes.config_map": partly(f"`configMapAsVolume`; one {_CALLED_SO}"),
        "volumes.secret": partly(f"`secretAsVolume`; one {_CALLED_SO}"),
        "artifacts.engine": implied("files are artifacts of Kubeflow anyway"),
        "artifacts.store": _OWN_STORE,
        "artifacts.secret": _OWN_STORE,
        "limits.timeout": since("2.17", lowered("the `pipelineConfig` of the platform")),
        "priority": lost("Kubeflow has no order of runs"),
        "version": lowered("the label `automl.dev/version` of the pods"),
        "namespace": implied("a package is uploaded to a namespace, which is not named in it"),
        "description": NATIVE,
        "labels": _POD_LABELS,
        "annotations": _POD_LABELS,
        "params": lowered(
            "inputs of the pipeline, where `args`, `envs` and `inputs` of jobs alone have them"
        ),
        "schedule": lost(_NO_SCHEDULE, checks.help_on_schedule),
        "code.git.url": _FIRST_TASK,
        "code.git.ref": _FIRST_TASK,
        "code.git.token_secret": _FIRST_TASK,
        "code.git.token_secret.name": _FIRST_TASK,
        "code.git.token_secret.key": _FIRST_TASK,
        "code.git.token_secret.username_key": _FIRST_TASK,
        "code.bundle": lowered(
            "a first task makes an artifact of it, which every step of the project starts"
        ),
        "service_account": _ACCOUNT_OF_RUN,
        "step.service_account": ByKind(job=_NO_ACCOUNT, service=NATIVE),
        "step.run_as.user": ByKind(job=since("2.16", _USER, _NO_USER), service=NATIVE),
        "step.run_as.group": ByKind(job=since("2.16", _USER, _NO_USER), service=NATIVE),
        "step.run_as.image": ByKind(job=since("2.16", _USER, _USER_OF_IMAGE), service=NATIVE),
        "step.image": ByKind(job=_COMMAND, service=NATIVE),
        "step.inputs": ByKind(job=_INPUTS, service=_VALUES),
        "step.outputs": ByKind(job=_OUTPUTS),
        "step.outputs.type": ByKind(job=lowered("the type of the artifact; a value is a parameter, of text")),
        "step.outputs.path": ByKind(job=partly("of the project alone: where the start script finds a file")),
        "step.params_file.path": partly("of the project alone: where the start script puts it"),
        "step.volumes": ByKind(job=_MOUNTS, service=NATIVE),
        "step.secrets": ByKind(job=_WHOLE_SECRETS, service=NATIVE),
        "step.secrets.name": ByKind(job=_WHOLE_SECRETS, service=NATIVE),
        "step.resources.shm": ByKind(job=lowered("`emptyDirMounts`"), service=_MANIFEST),
        "step.resources.ephemeral_storage": ByKind(
            job=lost("Kubeflow has no word for the disk of a node"), service=_MANIFEST
        ),
        "step.polling_time": implied("Kubeflow watches the pods, so nothing is polled"),
        "step.wait_before_start_time": implied("Kubeflow watches the pods from their start"),
        "step.replicas": ByKind(service=_MANIFEST),
        "step.min_ready_seconds": ByKind(service=_MANIFEST),
        "step.revision_history_limit": ByKind(service=_MANIFEST),
        "step.service": lowered("a task that applies its objects and waits for the rollout"),
        "step.service.port": _MANIFEST,
        "step.service.ingress": _INGRESS,
        "step.service.ingress.host": _INGRESS,
        "step.service.ingress.path": _INGRESS,
        "step.service.ingress.class": _INGRESS,
        "step.service.ingress.tls_secret": _INGRESS,
        "step.service.max_startup_time_seconds": _MANIFEST,
        "step.service.readiness.path": _MANIFEST,
    }
)

_OF_CLAIMS = [
    f"{noun}.{key}" for noun in ("workspace", "volumes") for key in ("size", "storage_class", "access")
]
_BY_JOB = lowered("a recurring run, which a Job registers")
_ON_OBJECTS = lowered("on every object and on the pods of every step")
_HOWEVER_LATE = "the latest run that was missed starts, however late it is"

NATIVE_API: Capabilities = MappingProxyType(
    {
        **PACKAGE,
        **{key: ON_KUBERNETES[key] for key in _OF_CLAIMS},
        "workspace.path": lowered("a mount of every step"),
        "version": ON_KUBERNETES["version"],
        "namespace": NATIVE,
        "labels": _ON_OBJECTS,
        "annotations": _ON_OBJECTS,
        "schedule": _BY_JOB,
        "schedule.cron": _BY_JOB,
        "schedule.timezone": partly("UTC: one time zone holds for a whole installation of Kubeflow"),
        "schedule.concurrency": partly("not `replace`"),
        "schedule.suspend": _BY_JOB,
        "schedule.starting_deadline": lost(_HOWEVER_LATE),
        "schedule.history.success": lost("Kubeflow keeps every run until it is deleted"),
        "schedule.history.failed": lost("Kubeflow keeps every run until it is deleted"),
        "code.bundle": ON_KUBERNETES["code.bundle"],
    }
)

_NO_KUBERNETES = "Vertex AI has no Kubernetes"
_NO_SECRETS = refused(
    f"{_NO_KUBERNETES} to take it from", "let the script read it from Secret Manager, and leave it out here"
)
_NO_PULL = refused("Vertex AI pulls from Artifact Registry, with the rights of its service account")
_NO_PULL_POLICY = lost("Vertex AI pulls an image for every step")
_NO_NODES = refused(
    "Vertex AI has no nodes to choose from",
    "let the processors and the memory that are reserved choose the machine",
)
_NO_TAINTS = lost("Vertex AI has no nodes with taints")
_AT_CREATION = lost("Vertex AI takes a time limit for the whole run only, when it is created")
_NO_PODS = lost(f"{_NO_KUBERNETES} pods to put it on")

_OF_DISKS = [key for key in PACKAGE if key.startswith(("workspace.", "volumes.")) or key == "step.volumes"]
_NO_DISKS = refused(
    f"{_NO_KUBERNETES} to mount it from", "read and write a bucket below `/gcs`, and leave it out here"
)

_NO_DEVICES = refused(
    "Vertex AI has names of its own for accelerators, which only some machines have",
    "leave it out, and write `accelerator: {type: NVIDIA_TESLA_T4, count: '1'}` below the `resources` of its executor in what comes out",
)
_LIMIT = lowered("the limit, by which Vertex AI chooses a machine")
_IS_RESERVED = lost("Vertex AI gives a step a machine by itself, chosen by what is reserved")
_RESOURCES_OF_VERTEX: Capabilities = MappingProxyType(
    {
        "step.resources.cpu": _LIMIT,
        "step.resources.memory": _LIMIT,
        "step.resources.gpu": _NO_DEVICES,
        "step.resources.tpu": _NO_DEVICES,
        "step.resources.shm": _IS_RESERVED,
        "step.resources.limits.cpu": _IS_RESERVED,
        "step.resources.limits.memory": _IS_RESERVED,
    }
)

VERTEX: Capabilities = MappingProxyType(  # beside those of a package
    {
        "version": _NO_PODS,
        "labels": _NO_PODS,
        "annotations": _NO_PODS,
        "schedule": lost(_NO_SCHEDULE, vertex.help_on_schedule),
        "code.git.token_secret": _NO_SECRETS,
        **dict.fromkeys(_OF_DISKS, _NO_DISKS),
        "step.secrets": _NO_SECRETS,
        **{f"tracking.{tracker}.secret": _NO_SECRETS for tracker in ("mlflow", "wandb", "neptune")},
        "step.image_pull_secrets": _NO_PULL,
        "service_account": _ACCOUNT_OF_RUN,
        "step.service_account": _NO_ACCOUNT,
        "step.run_as.user": refused("Vertex AI runs an image as its user"),
        "step.run_as.group": refused("Vertex AI runs an image as its user"),
        "step.run_as.image": _USER_OF_IMAGE,
        "step.image_pull_policy": _NO_PULL_POLICY,
        "step.node_selector": _NO_NODES,
        "step.tolerations": _NO_TAINTS,
        "step.queue": lost("Vertex AI has queues of its own"),
        "step.cpu_request": _LIMIT,
        "step.memory_request": _LIMIT,
        **_RESOURCES_OF_VERTEX,
        "limits.timeout": _AT_CREATION,
        "step.timeout": _AT_CREATION,
        "step.service": refused(_NO_KUBERNETES, "deploy the model to an endpoint of Vertex AI"),
        "step.labels": _NO_PODS,
        "step.annotations": _NO_PODS,
    }
)
