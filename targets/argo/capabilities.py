"""What Argo makes of each key of a config: the rows that are its own."""

from types import MappingProxyType

from automl.compiler.capabilities import implied, lowered, partly
from automl.compiler.target import ByKind, Capabilities
from automl.targets.objects.capabilities import ON_KUBERNETES, OfTrials, of_pods

_APPLIED = lowered("in the Deployment that a pod of the run applies")
_INGRESS = lowered("in the Ingress that a pod of the run applies")
_DATA = lowered("parameters; files: artifacts, or paths of the workspace")
_INPUTS_OF_SERVICES = partly("filled in by the pod that applies its objects; files from the workspace alone")
_STORE = lowered("where an artifact is kept")
_ACCOUNT = lowered("its template's; it gets the right to report what became of a pod, too")
_PULL = lowered("the Workflow's: Argo has them in one place")
_SELECTION = lowered("a pod that selects, in the DAG of the trials")
_TRIALS = OfTrials(
    run=lowered("an item of a loop over the template of the step"),
    at_a_time=lowered("the `parallelism` of the DAG of the trials"),
    may_fail=lowered("a pod that counts, in the DAG of the trials, when all of them have ended"),
    judged=_SELECTION,
    limit=lowered("the `parallelism` of the Workflow"),
)

CAPABILITIES: Capabilities = MappingProxyType(
    {
        **ON_KUBERNETES,
        **_TRIALS.rows,
        **of_pods("argo", lowered("a `podSpecPatch`; of a service, in its Deployment")),
        "schedule": lowered("a CronWorkflow"),
        "limits.timeout": lowered("the `activeDeadlineSeconds` of the Workflow"),
        "priority": lowered(
            "`spec.priority`: which one the controller takes first, where it limits how many run"
        ),
        "artifacts.engine": lowered("artifacts of Argo, in its own repository"),
        "artifacts.store": _STORE,
        "artifacts.secret": _STORE,
        "step.inputs": ByKind(job=_DATA, service=_INPUTS_OF_SERVICES),
        "step.outputs": ByKind(job=_DATA),
        "step.outputs.type": ByKind(job=_DATA),
        "step.outputs.path": ByKind(job=partly("of the project alone: where the start script finds a file")),
        "step.params_file.path": partly("of the project alone: written by the start script"),
        "step.service_account": ByKind(job=_ACCOUNT, service=_APPLIED),
        "step.image_pull_secrets": ByKind(job=_PULL, service=_APPLIED),
        "step.polling_time": implied("Argo's controller watches the pods, so nothing is polled"),
        "step.wait_before_start_time": implied("Argo's controller watches the pods from their start"),
        "step.replicas": ByKind(service=_APPLIED),
        "step.min_ready_seconds": ByKind(service=_APPLIED),
        "step.revision_history_limit": ByKind(service=_APPLIED),
        "step.service": lowered("a pod that applies its objects and waits for the rollout"),
        "step.service.port": _APPLIED,
        "step.service.ingress": _INGRESS,
        "step.service.ingress.host": _INGRESS,
        "step.service.ingress.path": _INGRESS,
        "step.service.ingress.class": _INGRESS,
        "step.service.ingress.tls_secret": _INGRESS,
        "step.service.max_startup_time_seconds": _APPLIED,
        "step.service.readiness.path": _APPLIED,
    }
)
