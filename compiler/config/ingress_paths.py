"""Under which path a service is reached from outside the cluster."""

from automl.compiler.config.config import Config
from automl.compiler.config.step import StepConfig
from automl.compiler.ir import Ingress


def shares_root(config: Config) -> bool:
    """Whether several services want an ingress and do not say where: then none of them can have `/`."""
    ingresses = (step.service.ingress for step in config.steps if step.service)
    return sum(ingress is not None and says_nowhere(ingress) for ingress in ingresses) > 1


def says_nowhere(ingress: Ingress) -> bool:
    """Whether it is `ingress: true`, or as good as that."""
    return not ingress.written.keys() & {"host", "path"}


def ingress_of(step: StepConfig, root_is_shared: bool) -> Ingress | None:
    """The ingress with its path: as written, or `/`, or the name of the step if several services would have `/`."""
    ingress = step.service.ingress if step.service else None
    if ingress and root_is_shared and says_nowhere(ingress):
        return ingress._replace(path=f"/{step.name.label}")
    return ingress
