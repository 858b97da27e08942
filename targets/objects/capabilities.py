"""What engines on Kubernetes make of each key of a config, unless they have a row of their own for it.

What a pod, a Deployment, a Service and an Ingress have is native.
"""

from types import MappingProxyType

from automl.compiler.capabilities import NATIVE, lowered
from automl.compiler.target import ByKind, Capabilities

_ON_OBJECTS = lowered("on every object and every pod")
_ON_STEP = lowered("on the pods of the step, and on the objects of a service")
_CHECKOUT = lowered("an init container checks it out")
_OF_SERVICES = ByKind(service=NATIVE)

_CLAIM = lowered("a PersistentVolumeClaim of the workflow's own")

ON_KUBERNETES: Capabilities = MappingProxyType(
    {
        "version": lowered("the label `automl.dev/version`"),
        "name": NATIVE,
        "namespace": NATIVE,
        "description": lowered("an annotation"),
        "labels": _ON_OBJECTS,
        "annotations": _ON_OBJECTS,
        "params": lowered("variables of every step, and worked out where expressions have them"),
        "schedule": NATIVE,
        "schedule.cron": NATIVE,
        "schedule.timezone": NATIVE,
        "schedule.concurrency": NATIVE,
        "schedule.suspend": NATIVE,
        "schedule.starting_deadline": NATIVE,
        "schedule.history.success": NATIVE,
        "schedule.history.failed": NATIVE,
        "code.git.url": _CHECKOUT,
        "code.git.ref": _CHECKOUT,
        "code.git.token_secret": _CHECKOUT,
        "code.git.token_secret.name": _CHECKOUT,
        "code.git.token_secret.key": _CHECKOUT,
        "code.git.token_secret.username_key": _CHECKOUT,
        "code.image": NATIVE,
        "code.bundle": lowered("a ConfigMap, unpacked when the step starts"),
        "code.bundle.include": lowered("what is packed"),
        "code.bundle.exclude": lowered("what is packed"),
        "workspace.size": _CLAIM,
        "workspace.storage_class": _CLAIM,
        "workspace.access": _CLAIM,
        "workspace.claim": lowered("a volume of the pods"),
        "workspace.path": lowered("a mount in the pods"),
        "volumes.claim": NATIVE,
        "volumes.size": _CLAIM,
        "volumes.access": _CLAIM,
        "volumes.storage_class": _CLAIM,
        "volumes.empty_dir": NATIVE,
        "volumes.config_map": NATIVE,
        "volumes.secret": NATIVE,
        "defaults": lowered("part of every step"),
        "stages": NATIVE,
        "stage.needs": NATIVE,
        "step.step_name": NATIVE,
        "step.path_to_executable": lowered("the command of the container"),
        "step.dependency_path": lowered("installed when the step starts"),
        "step.image": NATIVE,
        "step.command": NATIVE,
        "step.entrypoint": NATIVE,
        "step.args": NATIVE,
        "step.envs": NATIVE,
        "step.needs": NATIVE,
        "step.volumes": NATIVE,
        "step.secrets": NATIVE,
        "step.secrets.name": NATIVE,
        "step.secrets.keys": NATIVE,
        "step.image_pull_secrets": NATIVE,
        "step.image_pull_policy": NATIVE,
        "step.node_selector": NATIVE,
        "step.tolerations": NATIVE,
        "step.tolerations.key": NATIVE,
        "step.tolerations.operator": NATIVE,
        "step.tolerations.value": NATIVE,
        "step.tolerations.effect": NATIVE,
        "step.tolerations.toleration_seconds": NATIVE,
        "step.cpu_request": NATIVE,
        "step.memory_request": NATIVE,
        "step.backoff_limit": ByKind(job=NATIVE),
        "step.timeout": NATIVE,
        "step.polling_time": NATIVE,
        "step.wait_before_start_time": NATIVE,
        "step.replicas": _OF_SERVICES,
        "step.min_ready_seconds": _OF_SERVICES,
        "step.revision_history_limit": _OF_SERVICES,
        "step.service": NATIVE,
        "step.service.port": NATIVE,
        "step.service.ingress": NATIVE,
        "step.service.ingress.host": NATIVE,
        "step.service.ingress.path": NATIVE,
        "step.service.ingress.class": NATIVE,
        "step.service.ingress.tls_secret": NATIVE,
        "step.service.max_startup_time_seconds": lowered("a startup probe"),
        "step.service.readiness.path": NATIVE,
        "step.labels": _ON_STEP,
        "step.annotations": _ON_STEP,
    }
)
