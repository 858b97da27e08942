"""When a workflow runs."""

from typing import NamedTuple

from automl.compiler.values.cron import Cron


class Schedule(NamedTuple):
    """When the workflow runs. `concurrency` is allow, forbid or replace."""

    cron: Cron
    timezone: str
    concurrency: str
    suspend: bool
    starting_deadline: int | None
    keep_succeeded: int | None
    keep_failed: int | None
