"""Where a pipeline is to run."""

from automl.compiler.records import NamedTuple
from automl.targets.objects.security import USER

SECURITY_CONTEXT_SINCE = (2, 16)
DEADLINE_SINCE = (2, 17)


class Backend(NamedTuple):
    """What runs the pipeline. `has_config_maps`: those of the workflow are in the cluster before it."""

    version: tuple[int, ...]
    is_kubernetes: bool = True
    has_config_maps: bool = False
    code: str | None = None  # the ConfigMap that the jobs of a bundle mount
    keeps_user: bool = False  # that of an image
    user: int = USER
    group: int = USER

    @property
    def sets_user(self) -> bool:
        """Whether it can be said who a pod runs as."""
        return self.is_kubernetes and not self.keeps_user and self.version >= SECURITY_CONTEXT_SINCE

    @property
    def limits_time(self) -> bool:
        """Whether it stops a run that takes too long."""
        return self.is_kubernetes and self.version >= DEADLINE_SINCE
