"""Who the programs of a task are, for engines that keep users apart."""

from automl.compiler.records import NamedTuple
from automl.compiler.source import NOTHING_WRITTEN, Span, Written


class RunAs(NamedTuple):
    """A user and a group by their numbers, or the user of the image; what is None is automl's own choice."""

    user: int | None
    group: int | None
    image: bool
    span: Span
    written: Written = NOTHING_WRITTEN
