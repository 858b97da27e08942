"""Where the pods of a task run, and how its image gets there: as it is written, for engines on Kubernetes."""

from typing import Annotated

from automl.compiler.records import NamedTuple
from automl.compiler.source import NOTHING_WRITTEN, Pair, Span, Written


class Toleration(NamedTuple):
    """Taints that do not keep a pod away: of this key, or all; with this value (`operator` Equal) or any (Exists)."""

    key: str | None
    operator: str
    value: str | None
    effect: str | None
    seconds: Annotated[int | None, "toleration_seconds"]
    span: Span
    written: Written = NOTHING_WRITTEN


class Placement(NamedTuple):
    """What is asked of the node, the queue for it, and when the image is pulled to it; None is as the cluster does it."""

    image_pull_policy: str | None = None
    node_selector: tuple[Pair, ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    queue: str | None = None
    written: Written = NOTHING_WRITTEN
