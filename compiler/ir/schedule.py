"""When a workflow runs."""

from dataclasses import dataclass

from automl.compiler.values.cron import Cron


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the workflow runs. `concurrency` is allow, forbid or replace."""

    cron: Cron
    timezone: str
    concurrency: str
    suspend: bool
    starting_deadline: int | None
    keep_succeeded: int | None
    keep_failed: int | None
