"""What plain Kubernetes makes of each key of a config: the rows that are its own."""

from types import MappingProxyType

from automl.compiler.capabilities import NATIVE, lowered, partly, refused
from automl.compiler.target import ByKind, Capabilities
from automl.targets.objects.capabilities import ON_KUBERNETES, OfTrials, of_pods

_ON_STEP = lowered("on the objects and the pods of the step")
_COORDINATED = lowered("the coordinator sees to it")
_LEFT = ByKind(
    job=lowered(
        "values: the last words of the pod, which the coordinator reads; files: on the workspace, or in the bucket"
    )
)
_NO_STORE = refused(
    "plain Kubernetes has none",
    "give `store`, a bucket, or leave it out: files travel by the workspace, a disk of the cluster",
)

_TRIALS = OfTrials(
    run=lowered("a Job for each, named by its values"),
    at_a_time=lowered("the coordinator starts no more"),
    may_fail=lowered("the coordinator goes on without them"),
    judged=lowered("the coordinator looks at what all of them have left"),
    limit=lowered("the coordinator starts no more Jobs"),
)

CAPABILITIES: Capabilities = MappingProxyType(
    {
        **ON_KUBERNETES,
        **_TRIALS.rows,
        "limits.timeout": lowered("the coordinator ends the Jobs that run then"),
        **of_pods("kubernetes", NATIVE),
        "schedule": lowered("the coordinator is a CronJob"),
        "artifacts.engine": _NO_STORE,
        "artifacts.store": lowered(
            "a bucket: containers of ours in the pod of a step fetch files, and put them there"
        ),
        "artifacts.secret": lowered("variables of those containers"),
        "stages": _COORDINATED,
        "step.inputs": lowered("variables, which the coordinator fills when it makes the Job"),
        "step.outputs": _LEFT,
        "step.outputs.type": _LEFT,
        "step.outputs.path": ByKind(
            job=partly("of the project alone: from there it goes to the workspace, or to the bucket")
        ),
        "step.params_file.path": partly("of the project alone: the start script puts it there"),
        "step.polling_time": _COORDINATED,
        "step.wait_before_start_time": _COORDINATED,
        "step.service": lowered("a Deployment that the coordinator applies, and a Service"),
        "step.labels": _ON_STEP,
        "step.annotations": _ON_STEP,
    }
)
