"""When a workflow runs."""

from typing import Annotated

from automl.compiler.records import NamedTuple
from automl.compiler.source import NOTHING_WRITTEN, Written
from automl.compiler.values.cron import Cron, parse_cron
from automl.compiler.values.units import Duration


class Schedule(NamedTuple):
    """When the workflow runs. `concurrency` is allow, forbid or replace."""

    cron: Annotated[Cron, parse_cron]
    timezone: str
    concurrency: str
    suspend: bool
    starting_deadline: Duration | None
    keep_succeeded: Annotated[int | None, "history.success"]
    keep_failed: Annotated[int | None, "history.failed"]
    written: Written = NOTHING_WRITTEN
