"""What comes after what: the graph of a workflow has tasks and barriers for nodes, and edges that say when."""

from typing import final

from automl.compiler.enumerations import StrEnum
from automl.compiler.records import NamedTuple, Record
from automl.compiler.source import Span


class On(StrEnum):
    """How a node must have ended for what comes after it."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ENDED = "ended"  # in any way


class Edge(NamedTuple):
    """The node with this name comes before, and must have ended so."""

    node: str
    on: On = On.SUCCEEDED


@final
class Barrier(Record):
    """A name for many tasks, for what comes after all of them: it runs nothing, and holds as soon as its edges hold.

    The name is no DNS label, so that it is that of no task: `stage/train` is the end of the stage `train`.
    """

    name: str
    after: tuple[Edge, ...]
    span: Span
