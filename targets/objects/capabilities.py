"""What engines on Kubernetes make of each key of a config, unless they have a row of their own for it.

What a pod, a Deployment, a Service and an Ingress have is native.
"""

from types import MappingProxyType

from automl.compiler.capabilities import NATIVE, lost, lowered, partly
from automl.compiler.records import NamedTuple
from automl.compiler.target import ByKind, Capabilities, Capability, Row

_ON_OBJECTS = lowered("on every object and every pod")
_ON_STEP = lowered("on the pods of the step, and on the objects of a service")
_CHECKOUT = lowered("an init container checks it out")
_OF_SERVICES = ByKind(service=NATIVE)

_CLAIM = lowered("a PersistentVolumeClaim of the workflow's own")
COUNTED = lowered("the compiler counts what it writes out")
_RANGE, _SPACE = ("min", "max", "step"), ("min", "max", "scale", "type", "count.min", "count.max")
_OF_TABLE = (
    *("sweep", "sweep.grid", *(f"sweep.grid.{key}" for key in _RANGE), "sweep.zip"),
    *(f"sweep.random.{key}" for key in ("samples", "seed", "space")),
    *(f"sweep.random.space.{key}" for key in _SPACE),
    *("sweep.include", "sweep.exclude"),
    *("cross_validation", "cross_validation.folds"),
)

_MODEL = partly(
    "a label of the nodes, as NVIDIA's GPU feature discovery makes it: the whole name of a product"
)
OF_RESOURCES = (
    *("cpu", "memory", "gpu", "gpu.count", "gpu.resource", "gpu.model", "tpu", "shm", "ephemeral_storage"),
    *("limits.cpu", "limits.memory"),
)
"""The keys of the `resources` of a step."""

_INDICES = partly("an input of the step; a file of the project for what runs in the project alone")


_OF_PODS = (
    *("affinity", "dnsConfig", "dnsPolicy", "enableServiceLinks", "hostAliases", "hostIPC", "hostNetwork"),
    *("hostPID", "hostUsers", "nodeSelector", "preemptionPolicy", "priorityClassName", "runtimeClassName"),
    *("schedulerName", "securityContext", "shareProcessNamespace", "terminationGracePeriodSeconds"),
    *("tolerations", "topologySpreadConstraints"),
)


def of_pods(target: str, capability: Row) -> Capabilities:
    """The rows of the patch of pods that a target takes, of a run and of a step."""
    nouns = (f"targets.{target}.pod", f"step.targets.{target}.pod")
    return {f"{noun}.{key}": capability for noun in nouns for key in _OF_PODS}


class OfTrials(NamedTuple):
    """What an engine makes of trials: of a run of one, of `max_parallel`, of `max_failed`, of the objective; and of the
    limit for all jobs."""

    run: Capability
    at_a_time: Capability
    may_fail: Capability
    judged: Capability
    limit: Capability

    @property
    def rows(self) -> Capabilities:
        """The rows of a table."""
        return {
            "limits.max_parallel": self.limit,
            **{f"step.{key}": ByKind(job=self.run) for key in _OF_TABLE},
            "step.cross_validation.indices": ByKind(job=_INDICES),
            "step.sweep.max_parallel": ByKind(job=self.at_a_time),
            "step.sweep.max_failed": ByKind(job=self.may_fail),
            "step.sweep.objective.metric": ByKind(job=self.judged),
            "step.sweep.objective.goal": ByKind(job=self.judged),
        }


def of_trackers(secret: Capability) -> Capabilities:
    """The rows of trackers, whose own clients find all they need by variables; and of what becomes of their Secrets."""
    told = lowered("variables of every step")
    trackers = {"mlflow": ("uri", "project"), "wandb": ("uri", "project"), "neptune": ("project",)}
    rows: Capabilities = {
        f"tracking.{tracker}.{key}": told for tracker, keys in trackers.items() for key in keys
    }
    return {
        **rows,
        **{
            f"tracking.{tracker}.secret{key}": secret
            for tracker in trackers
            for key in ("", ".name", ".keys")
        },
    }


ON_KUBERNETES: Capabilities = MappingProxyType(
    {
        "version": lowered("the label `automl.dev/version`"),
        "name": NATIVE,
        "namespace": NATIVE,
        "description": lowered("an annotation"),
        **of_trackers(lowered("variables of every step, from the Secret")),
        "service_account": NATIVE,
        "image_registry": lowered(
            "where the images of our own programs, and of steps without one, are pulled from"
        ),
        "labels": _ON_OBJECTS,
        "annotations": _ON_OBJECTS,
        "params": lowered("variables of every step, and worked out where expressions have them"),
        "limits.max_tasks": COUNTED,
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
        "step.service_account": NATIVE,
        "step.run_as.user": NATIVE,
        "step.run_as.group": NATIVE,
        "step.run_as.image": NATIVE,
        "step.node_selector": NATIVE,
        "step.tolerations": NATIVE,
        "step.tolerations.key": NATIVE,
        "step.tolerations.operator": NATIVE,
        "step.tolerations.value": NATIVE,
        "step.tolerations.effect": NATIVE,
        "step.tolerations.toleration_seconds": NATIVE,
        "step.cpu_request": NATIVE,
        "step.memory_request": NATIVE,
        "priority": lost(
            "Kubernetes has no order of runs, and no PriorityClass that every cluster has",
            "an administrator makes a PriorityClass, and the pods name it",
        ),
        "step.queue": lowered("the label `kueue.x-k8s.io/queue-name`; of pods where Kueue looks after these"),
        **{f"step.resources.{key}": NATIVE for key in OF_RESOURCES},
        "step.resources.gpu.model": _MODEL,
        "step.resources.shm": lowered("a folder in memory at /dev/shm"),
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
