"""Under which path a service is reached from outside the cluster."""

from automl.compiler.config.config import Config, IngressConfig, StepConfig

ROOT = "/"


def shares_root(config: Config) -> bool:
    """Whether several services want an ingress and do not say where: then none of them can have `/`."""
    ingresses = (step.service.ingress for step in config.steps if step.service)
    return sum(ingress is not None and says_nowhere(ingress) for ingress in ingresses) > 1


def says_nowhere(ingress: IngressConfig) -> bool:
    """Whether it is `ingress: true`, or as good as that."""
    return ingress.host is None and ingress.path is None


def ingress_path(step: StepConfig, ingress: IngressConfig, root_is_shared: bool) -> str:
    """The path: as written, or `/`, or the name of the step if several services would have `/`."""
    if ingress.path:
        return ingress.path.value
    return f"/{step.name.label}" if root_is_shared and says_nowhere(ingress) else ROOT
