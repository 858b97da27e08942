"""When a workflow runs."""

from dataclasses import dataclass, field
from typing import Annotated

from automl.compiler.source import Written
from automl.compiler.values.cron import Cron, parse_cron
from automl.compiler.values.units import Duration


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the workflow runs. `concurrency` is allow, forbid or replace."""

    cron: Annotated[Cron, parse_cron]
    timezone: str
    concurrency: str
    suspend: bool
    starting_deadline: Duration | None
    keep_succeeded: Annotated[int | None, "history.success"]
    keep_failed: Annotated[int | None, "history.failed"]
    written: Written = field(default_factory=dict)
