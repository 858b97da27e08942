"""The `tracking` of a config."""

from automl.compiler.ir import Secret
from automl.compiler.records import NamedTuple
from automl.compiler.source import Located


class Tracker(NamedTuple):
    """Where a tracker is, what the runs belong to there, and the Secret with its credentials."""

    uri: Located[str] | None
    project: Located[str] | None
    secret: Secret | None


class Neptune(NamedTuple):
    """Neptune, which is where the token of its API says."""

    project: Located[str]
    secret: Secret | None


class Trackers(NamedTuple):
    """Those that steps write to."""

    mlflow: Tracker | None
    wandb: Tracker | None
    neptune: Neptune | None

    @property
    def all(self) -> tuple[Tracker | Neptune, ...]:
        """Those that are there."""
        return tuple(tracker for tracker in self if tracker is not None)
