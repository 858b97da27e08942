"""What plain Kubernetes makes of each key of a config: the rows that are its own."""

from types import MappingProxyType

from automl.compiler.capabilities import lowered
from automl.compiler.target import Capabilities
from automl.targets.objects.capabilities import ON_KUBERNETES

_ON_STEP = lowered("on the objects and the pods of the step")
_COORDINATED = lowered("the coordinator sees to it")

CAPABILITIES: Capabilities = MappingProxyType(
    {
        **ON_KUBERNETES,
        "schedule": lowered("the coordinator is a CronJob"),
        "stages": _COORDINATED,
        "step.polling_time": _COORDINATED,
        "step.wait_before_start_time": _COORDINATED,
        "step.service": lowered("a Deployment that the coordinator applies, and a Service"),
        "step.labels": _ON_STEP,
        "step.annotations": _ON_STEP,
    }
)
