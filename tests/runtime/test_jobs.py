"""What the Jobs of steps are called, and when they have ended; the rest is in tests/conformance."""

import pytest

from automl.runtime.jobs import ending, job_name
from automl.runtime.tasks import epoch_seconds


@pytest.mark.parametrize(
    ("template", "job"),
    [
        ("churn-train", "churn-train-1a2b3c4d"),
        ("t" * 60, "t" * 54 + "-1a2b3c4d"),
        ("t" * 53 + "-" + "t" * 6, "t" * 53 + "-1a2b3c4d"),
    ],
)
def test_job_has_the_name_of_its_template_and_the_whole_digest(template: str, job: str) -> None:
    assert job_name(template, "1a2b3c4d") == job
    assert len(job) <= 63


@pytest.mark.parametrize(
    ("conditions", "end"),
    [
        ([], None),
        ([("Suspended", "True"), ("FailureTarget", "True"), ("SuccessCriteriaMet", "True")], None),
        ([("Complete", "False"), ("Failed", "False")], None),
        ([("SuccessCriteriaMet", "True"), ("Complete", "True")], "Complete"),
        ([("FailureTarget", "True"), ("Failed", "True")], "Failed"),
    ],
)
def test_job_has_ended_when_a_condition_says_so(conditions: list[tuple[str, str]], end: str | None) -> None:
    status = {"conditions": [{"type": kind, "status": value} for kind, value in conditions]}
    assert ending({"status": status}).get("type") == end


def test_job_without_a_status_has_not_ended() -> None:
    assert ending({}) == {}


def test_times_of_the_api_server_are_utc() -> None:
    assert epoch_seconds("1970-01-02T00:00:01Z") == 86401
