"""What CronJob and CronWorkflow call by the same names, beside the time itself."""

from collections.abc import Mapping
from types import MappingProxyType

from automl.compiler.ir import Schedule
from automl.targets.objects.metadata import Object

_CONCURRENCY: Mapping[str, str] = MappingProxyType(
    {"allow": "Allow", "forbid": "Forbid", "replace": "Replace"}
)


def schedule_fields(schedule: Schedule) -> Object:
    """What a new run does to an old one, how late it may be, and how many are kept."""
    fields: Object = {"concurrencyPolicy": _CONCURRENCY[schedule.concurrency]}
    if schedule.suspend:
        fields["suspend"] = True
    if schedule.starting_deadline is not None:
        fields["startingDeadlineSeconds"] = schedule.starting_deadline
    if schedule.keep_succeeded is not None:
        fields["successfulJobsHistoryLimit"] = schedule.keep_succeeded
    if schedule.keep_failed is not None:
        fields["failedJobsHistoryLimit"] = schedule.keep_failed
    return fields
