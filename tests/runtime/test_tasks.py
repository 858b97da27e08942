"""How the tasks of a plan go; what the coordinator does with them is in tests/conformance/test_coordinator_on_a_cluster.py."""

import pytest

from tests.runtime.pod_scripts import tasks


def task(name: str, *after: str, state: str = tasks.WAITING, fate: str = "") -> tasks.Task:
    return tasks.Task(name, "aaaaaaaa", list(after), template=name, state=state, fate=fate)


def names(found: list[tasks.Task]) -> list[str]:
    return [task.name for task in found]


@pytest.mark.parametrize(
    ("template", "mark", "job"),
    [
        ("churn-train", "1a2b3c4d", "churn-train-1a2b3c4d"),
        ("t" * 60, "1a2b3c4d", "t" * 54 + "-1a2b3c4d"),
        ("t" * 53 + "-" + "t" * 6, "1a2b3c4d", "t" * 53 + "-1a2b3c4d"),
    ],
)
def test_job_has_the_name_of_its_template_and_the_whole_hash(template: str, mark: str, job: str) -> None:
    found = tasks.Task("train", mark, [], template=template, mark=mark).job
    assert found == job
    assert len(found) <= 63


def test_every_run_of_a_schedule_has_its_own_marks() -> None:
    marks = [tasks.joined("1a2b3c4d", run) for run in ("churn-1", "churn-2")]
    assert len({*marks, "1a2b3c4d"}) == 3
    assert {len(mark) for mark in marks} == {8}
    assert marks[0] == "d8cc622d"  # of SHA-256: a coordinator that is started again finds its Jobs


def test_tasks_start_when_all_before_them_have_succeeded() -> None:
    done = task("a", state=tasks.SUCCEEDED)
    runs = task("b", state=tasks.RUNNING)
    found = [done, runs, task("c", "a"), task("d", "a", "b"), task("e"), task("f", "c")]
    assert names(tasks.startable(found, 9)) == ["c", "e"]
    assert names(tasks.startable(found, 2)) == ["c"]
    assert names(tasks.startable(found, 1)) == []
    assert names(tasks.startable([*found, task("g", state=tasks.FAILED)], 9)) == []


def test_report_has_a_line_for_each_task(capsys: pytest.CaptureFixture[str]) -> None:
    found = [
        task("last", "next"),
        task("next", "bad", "good"),
        task("idle", "good"),
        task("bad", state=tasks.FAILED, fate="failed after 3 s"),
        task("worse", state=tasks.FAILED, fate="could not be started"),
        task("good", state=tasks.SUCCEEDED, fate="succeeded after 2 s"),
    ]
    assert tasks.report(found) == 1
    assert [line[9:] for line in capsys.readouterr().out.splitlines()] == [
        "not all tasks have succeeded:",
        "- last: not started because of bad",
        "- next: not started because of bad",
        "- idle: not started because of bad, worse",
        "- bad: failed after 3 s",
        "- worse: could not be started",
        "- good: succeeded after 2 s",
    ]
    assert tasks.report(found[-1:]) == 0
    assert capsys.readouterr().out[9:] == "all 1 tasks have succeeded\n"


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
    found = [{"type": kind, "status": status} for kind, status in conditions]
    assert tasks.ending({"status": {"conditions": found}}).get("type") == end


def test_job_without_a_status_has_not_ended() -> None:
    assert tasks.ending({}) == {}


def test_times_of_the_api_server_are_utc() -> None:
    assert tasks.moment("1970-01-02T00:00:01Z") == 86401
