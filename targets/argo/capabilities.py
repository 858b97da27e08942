"""What Argo makes of each key of a config."""

from types import MappingProxyType

from automl.compiler.capabilities import NATIVE, implied, lowered
from automl.compiler.target import Capabilities

_APPLIED = lowered("in the Deployment that a pod of the run applies")
_INGRESS = lowered("in the Ingress that a pod of the run applies")
_CHECKOUT = lowered("an init container checks it out")
_ON_OBJECTS = lowered("on every object and every pod")
_ON_STEP = lowered("on the pods of the step, and on the objects of a service")

CAPABILITIES: Capabilities = MappingProxyType(
    {
        "version": lowered("the label `automl.dev/version`"),
        "name": NATIVE,
        "namespace": NATIVE,
        "description": lowered("an annotation"),
        "labels": _ON_OBJECTS,
        "annotations": _ON_OBJECTS,
        "schedule": lowered("a CronWorkflow"),
        "schedule.cron": NATIVE,
        "schedule.timezone": NATIVE,
        "schedule.concurrency": NATIVE,
        "schedule.suspend": NATIVE,
        "schedule.starting_deadline": NATIVE,
        "schedule.history.success": NATIVE,
        "schedule.history.failed": NATIVE,
        "code.git.url": _CHECKOUT,
        "code.git.ref": _CHECKOUT,
        "code.git.token_secret.name": _CHECKOUT,
        "code.git.token_secret.key": _CHECKOUT,
        "code.git.token_secret.username_key": _CHECKOUT,
        "code.image": NATIVE,
        "code.bundle": lowered("a ConfigMap, unpacked when the step starts"),
        "code.bundle.include": lowered("what is packed"),
        "code.bundle.exclude": lowered("what is packed"),
        "defaults": lowered("part of every step"),
        "stages": NATIVE,
        "step.step_name": NATIVE,
        "step.path_to_executable": lowered("the command of the container"),
        "step.dependency_path": lowered("installed when the step starts"),
        "step.image": NATIVE,
        "step.command": NATIVE,
        "step.entrypoint": NATIVE,
        "step.args": NATIVE,
        "step.envs": NATIVE,
        "step.secrets": NATIVE,
        "step.secrets.name": NATIVE,
        "step.secrets.keys": NATIVE,
        "step.image_pull_secrets": lowered("the Workflow's: Argo has them in one place"),
        "step.cpu_request": NATIVE,
        "step.memory_request": NATIVE,
        "step.backoff_limit": NATIVE,
        "step.timeout": NATIVE,
        "step.polling_time": implied("Argo's controller watches the pods, so nothing is polled"),
        "step.wait_before_start_time": implied("Argo's controller watches the pods from their start"),
        "step.replicas": _APPLIED,
        "step.min_ready_seconds": _APPLIED,
        "step.revision_history_limit": _APPLIED,
        "step.service": lowered("a pod that applies its objects and waits for the rollout"),
        "step.service.port": _APPLIED,
        "step.service.ingress": _INGRESS,
        "step.service.ingress.host": _INGRESS,
        "step.service.ingress.path": _INGRESS,
        "step.service.ingress.class": _INGRESS,
        "step.service.ingress.tls_secret": _INGRESS,
        "step.service.max_startup_time_seconds": _APPLIED,
        "step.service.readiness.path": _APPLIED,
        "step.labels": _ON_STEP,
        "step.annotations": _ON_STEP,
    }
)
