"""What Kubeflow Pipelines make of each key of a config: as a package, in Kubernetes, and on Vertex AI."""

from types import MappingProxyType

from automl.compiler.capabilities import NATIVE, implied, lost, lowered, partly, refused
from automl.compiler.target import Capabilities

_POD_LABELS = lowered("on the pods of every step (`podMetadata`)")
_MANIFEST = lowered("in the Deployment that the last task applies")
_INGRESS = lowered("in the Ingress that the last task applies")
_FIRST_TASK = lowered("a first task checks it out, once for the whole run")
_UPLOADED = "a package is uploaded to a namespace, which is not named in it"
_NO_SCHEDULE = lost("a package holds no schedule")

PACKAGE: Capabilities = MappingProxyType(
    {
        "version": lowered("the label `automl.dev/version` of the pods"),
        "name": NATIVE,
        "namespace": implied(_UPLOADED),
        "description": NATIVE,
        "labels": _POD_LABELS,
        "annotations": _POD_LABELS,
        "schedule": _NO_SCHEDULE,
        "schedule.cron": _NO_SCHEDULE,
        "schedule.timezone": _NO_SCHEDULE,
        "schedule.concurrency": _NO_SCHEDULE,
        "schedule.suspend": _NO_SCHEDULE,
        "schedule.starting_deadline": _NO_SCHEDULE,
        "schedule.history.success": _NO_SCHEDULE,
        "schedule.history.failed": _NO_SCHEDULE,
        "code.git.url": _FIRST_TASK,
        "code.git.ref": _FIRST_TASK,
        "code.git.token_secret.name": _FIRST_TASK,
        "code.git.token_secret.key": _FIRST_TASK,
        "code.git.token_secret.username_key": _FIRST_TASK,
        "code.image": NATIVE,
        "code.bundle": lowered(
            "a first task makes an artifact of it, which every step of the project starts"
        ),
        "code.bundle.include": lowered("what is packed"),
        "code.bundle.exclude": lowered("what is packed"),
        "defaults": lowered("part of every step"),
        "stages": NATIVE,
        "step.step_name": NATIVE,
        "step.path_to_executable": lowered("the command of the container"),
        "step.dependency_path": lowered("installed when the step starts"),
        "step.image": partly("a job needs a command: no image is started by its own entrypoint"),
        "step.command": NATIVE,
        "step.entrypoint": NATIVE,
        "step.args": NATIVE,
        "step.envs": NATIVE,
        "step.secrets": partly(
            "all keys of a Secret for steps of the project; the job of an image has to name them"
        ),
        "step.secrets.name": NATIVE,
        "step.secrets.keys": NATIVE,
        "step.image_pull_secrets": NATIVE,
        "step.cpu_request": NATIVE,
        "step.memory_request": NATIVE,
        "step.backoff_limit": NATIVE,
        "step.timeout": NATIVE,
        "step.polling_time": implied("Kubeflow watches the pods, so nothing is polled"),
        "step.wait_before_start_time": implied("Kubeflow watches the pods from their start"),
        "step.replicas": _MANIFEST,
        "step.min_ready_seconds": _MANIFEST,
        "step.revision_history_limit": _MANIFEST,
        "step.service": lowered("a task that applies its objects and waits for the rollout"),
        "step.service.port": _MANIFEST,
        "step.service.ingress": _INGRESS,
        "step.service.ingress.host": _INGRESS,
        "step.service.ingress.path": _INGRESS,
        "step.service.ingress.class": _INGRESS,
        "step.service.ingress.tls_secret": _INGRESS,
        "step.service.max_startup_time_seconds": _MANIFEST,
        "step.service.readiness.path": _MANIFEST,
        "step.labels": lowered("on the pods of the step, and on the objects of a service"),
        "step.annotations": lowered("on the pods of the step, and on the objects of a service"),
    }
)

_BY_JOB = lowered("a recurring run, which a Job registers")
_ON_OBJECTS = lowered("on every object and on the pods of every step")
_CONFIG_MAP = lowered("a ConfigMap, unpacked when the step starts")
_HOWEVER_LATE = "the latest run that was missed starts, however late it is"

NATIVE_API: Capabilities = MappingProxyType(
    {
        **PACKAGE,
        "version": lowered("the label `automl.dev/version`"),
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
        "code.bundle": _CONFIG_MAP,
    }
)

_NO_KUBERNETES = "Vertex AI has no Kubernetes"
_NO_SECRETS = refused(
    f"{_NO_KUBERNETES} to take it from", "let the script read it from Secret Manager, and leave it out here"
)
_NO_PULL = refused("Vertex AI pulls from Artifact Registry, with the rights of its service account")
_NO_PODS = lost(f"{_NO_KUBERNETES} pods to put it on")

VERTEX: Capabilities = MappingProxyType(
    {
        **PACKAGE,
        "version": _NO_PODS,
        "labels": _NO_PODS,
        "annotations": _NO_PODS,
        "code.git.token_secret": _NO_SECRETS,
        "code.git.token_secret.name": _NO_SECRETS,
        "code.git.token_secret.key": _NO_SECRETS,
        "code.git.token_secret.username_key": _NO_SECRETS,
        "step.secrets": _NO_SECRETS,
        "step.secrets.name": _NO_SECRETS,
        "step.secrets.keys": _NO_SECRETS,
        "step.image_pull_secrets": _NO_PULL,
        "step.cpu_request": lowered("the limit, by which Vertex AI chooses a machine"),
        "step.memory_request": lowered("the limit, by which Vertex AI chooses a machine"),
        "step.timeout": lost("Vertex AI takes a time limit for the whole run only, when it is created"),
        "step.service": refused(_NO_KUBERNETES, "deploy the model to an endpoint of Vertex AI"),
        "step.labels": _NO_PODS,
        "step.annotations": _NO_PODS,
    }
)
