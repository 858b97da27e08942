"""What the coordinator does on a real control plane. Nobody but the tests runs a pod, or says how it ends."""

import signal
import time
from dataclasses import replace

import pytest

from automl.runtime.plan import Plan, Step
from tests.conformance.cluster import until
from tests.conformance.workflows import (
    RIGHTS,
    Object,
    Place,
    deployment,
    gate_to,
    kubelet,
    plan,
    service,
    step,
)

RUN = "automl.dev/run"
OF_A_RUN = {"automl.dev/workflow": "churn", "automl.dev/component": "coordinator"}
# The coordinator's Job, what there is of the step, older runs, the step again, its template, its Job made, the version
# of the list, a look at the Job, the watch from there.
REQUESTS_UNTIL_IT_WAITS = 9


def owners(found: Object) -> set[str]:
    return {each["name"] for each in found["metadata"]["ownerReferences"]}


def uids(place: Place) -> dict[str, str]:
    return {name: job["metadata"]["uid"] for name, job in place.jobs().items()}


def test_tasks_run_in_their_order(place: Place) -> None:
    wanted = plan(step("load", "aa"), step("train", "bb", "load"), service("serve", "cc", "train"))
    coordinator = place.run("churn-1", wanted)
    coordinator.until_it_says("load: started")
    assert set(place.jobs()) == {"load-aa"}
    place.end_pod("load-aa")
    coordinator.until_it_says("train: started")
    place.end_pod("train-bb")
    coordinator.until_it_says("serve: 1 of 1 pods are new, 0 available")
    place.make_ready("serve")
    assert coordinator.end() == 0
    said = coordinator.said()
    assert said[0] == "churn-1: 3 tasks"
    assert said[1] == "load: started (Job load-aa)"
    assert said[2] in {f"load: succeeded after {seconds} s (1 of 3)" for seconds in range(9)}
    assert said[-2] in {f"serve: rolled out after {seconds} s (3 of 3)" for seconds in range(9)}
    assert said[-1] == "all 3 tasks have succeeded"


def test_job_is_made_as_the_template_says(place: Place) -> None:
    coordinator = place.run("churn-1", plan(step("load", "aa")), activeDeadlineSeconds=77)
    coordinator.until_it_says("load: started")
    job = place.jobs()["load-aa"]
    labels = {"team": "ml", "automl.dev/workflow": "churn", RUN: "churn-1"}
    assert job["metadata"]["labels"].items() >= labels.items()
    assert job["metadata"]["annotations"] == {"note": "mine", "automl.dev/hash": "aa"}
    assert owners(job) == {"churn-1"}
    assert (job["spec"]["activeDeadlineSeconds"], job["spec"].get("suspend", False)) == (77, False)
    place.cluster.kubectl("delete", "job", "churn-1", "-n", place.namespace)
    until(lambda: not place.jobs(), "the end of what belongs to the run")


def test_what_is_unchanged_is_not_run_again(place: Place) -> None:
    first = plan(step("load", "aa"), step("train", "bb", "load"), service("serve", "cc", "train"))
    with kubelet(place) as ended:
        assert place.run("churn-1", first).end() == 0
        jobs, deployment = uids(place), place.deployment("serve")
        again = place.run("churn-2", first)
        assert again.end() == 0
        assert uids(place) == jobs
        assert "load: already complete (Job load-aa)" in again.said()
        assert (
            place.deployment("serve")["metadata"]["resourceVersion"]
            == deployment["metadata"]["resourceVersion"]
        )
        changed = plan(step("load", "aa"), step("train", "b2", "load"), service("serve", "c2", "train"))
        assert place.run("churn-3", changed).end() == 0
        assert set(uids(place).items()) > set(jobs.items())
        assert sorted(ended) == ["load-aa", "train-b2", "train-bb"]
    assert place.deployment("serve")["spec"]["template"]["metadata"]["annotations"].keys() == {RUN}
    assert owners(place.jobs()["load-aa"]) == {"churn-1", "churn-2", "churn-3"}
    place.cluster.kubectl("delete", "job", "churn-1", "churn-2", "-n", place.namespace)
    until(lambda: set(place.jobs()) == {"load-aa", "train-b2"}, "the end of what no run needs any more")
    until(lambda: owners(place.jobs()["load-aa"]) == {"churn-3"}, "the one owner that is left")


def test_a_newer_run_takes_over_and_ends_the_older_one(place: Place) -> None:
    """What is unchanged goes on; a step that has changed is stopped, not left to run beside the new one."""
    first = plan(step("load", "aa"), step("train", "bb", "load"), step("test", "cc", "load"))
    place.apply_templates(first)
    place.make_run("churn-1", OF_A_RUN)
    older = place.start("churn-1", first)
    place.end_pod("load-aa")
    older.until_it_says("test: started")
    time.sleep(1.1)  # the times of creation are in seconds
    second = plan(step("load", "aa"), step("train", "b2", "load"), step("test", "cc", "load"))
    place.apply_templates(second)
    place.make_run("churn-2", OF_A_RUN)
    newer = place.start("churn-2", second)
    newer.until_it_says("train: started (Job train-b2)")
    until(
        lambda: set(place.jobs()) == {"load-aa", "train-b2", "test-cc", "churn-2"}, "the end of the older run"
    )
    for job in ("test-cc", "train-b2"):
        place.end_pod(job)
    assert newer.end() == 0
    said = newer.said()
    assert said[1:3] == ["load: already complete (Job load-aa)", "test: already running (Job test-cc)"]
    assert "job/churn-1: an older run; it ends, and what is left of it goes" in said
    assert owners(place.jobs()["test-cc"]) == {"churn-2"}


def test_failure_stops_what_follows_and_what_has_not_begun(place: Place) -> None:
    tasks = (
        step("bad", "aa"),
        step("slow", "bb"),
        step("idle", "cc", "slow"),
        step("next", "dd", "bad"),
        step("last", "ee", "next"),
    )
    wanted = plan(*tasks)
    coordinator = place.run("churn-1", wanted)
    coordinator.until_it_says("slow: started")
    place.end_pod("bad-aa", "Failed")
    coordinator.until_it_says("bad: failed")
    coordinator.signal(signal.SIGKILL)
    assert coordinator.end() == -signal.SIGKILL
    coordinator = place.start("churn-1", wanted)
    coordinator.until_it_says("bad: failed")
    place.end_pod("slow-bb")
    assert coordinator.end() == 1
    said = coordinator.said()
    report = said[said.index("not all tasks have succeeded:") + 1 :]
    reason = "BackoffLimitExceeded: Job has reached the specified backoff limit"
    place_to_look = f"kubectl logs job/bad-aa -n {place.namespace}"
    assert report[0].startswith("- bad: failed after ")
    assert report[0].endswith(f" s: {reason}; look at: {place_to_look}")
    assert report[1].startswith("- slow: succeeded after ")
    assert report[2:] == [f"- {name}: not started because of bad" for name in ("idle", "next", "last")]
    assert set(place.jobs()) == {"bad-aa", "slow-bb"}
    retry_failed_ones(place, tasks)


def retry_failed_ones(place: Place, tasks: tuple[Step, ...]) -> None:
    """A new run of the same makes a Job that failed again, and no other."""
    before = uids(place)
    with kubelet(place):
        again = place.run("churn-2", plan(*tasks))
        assert again.end() == 0
    assert "bad: failed in an earlier run, is tried anew" in again.said()
    after = uids(place)
    assert after["bad-aa"] != before["bad-aa"]
    assert after["slow-bb"] == before["slow-bb"]


def test_tries_and_deadlines_are_the_jobs_own(place: Place) -> None:
    tasks = [step(name, "aa") for name in ("twice", "each", "whole")]
    place.apply_templates(plan(tasks[0], tasks[1]), backoffLimit=1)
    place.apply_templates(plan(tasks[2]), activeDeadlineSeconds=1)
    place.make_run("churn-1")
    coordinator = place.start("churn-1", plan(*tasks))
    place.end_pod("twice-aa", "Failed")
    place.end_pod("each-aa", "Failed", reason="DeadlineExceeded")
    place.end_pod("twice-aa")
    place.end_pod("each-aa", "Failed", reason="DeadlineExceeded")
    assert coordinator.end() == 1
    report = "\n".join(coordinator.said()[-3:])
    assert "- twice: succeeded after " in report
    assert "s: BackoffLimitExceeded: Job has reached the specified backoff limit; look at: " in report
    assert "s: DeadlineExceeded: Job was active longer than specified deadline; look at: " in report


def test_run_that_takes_too_long_ends_its_jobs_however_often_the_coordinator_starts(place: Place) -> None:
    wanted = replace(plan(step("load", "aa"), step("train", "bb", "load")), timeout=4)
    coordinator = place.run("churn-1", wanted)
    coordinator.until_it_says("load: started")
    assert coordinator.end() == 1
    assert "the run has taken longer than 4 seconds, and ends" in coordinator.said()
    assert "load: stopped, since the run has taken too long" in coordinator.said()
    until(lambda: "DeadlineExceeded" in str(place.jobs()["load-aa"]["status"]), "the end of the Job")
    again = place.start("churn-1", wanted)
    assert again.end() == 1
    assert set(place.jobs()) == {"load-aa"}


def test_coordinator_that_is_killed_again_and_again_does_everything_once(place: Place) -> None:
    """It is killed when it asks once more than it may, which is ever more often if that leads nowhere."""
    wanted = plan(step("load", "aa"), step("train", "bb", "load"), service("serve", "cc", "train"))
    place.apply_templates(wanted)
    place.make_run("churn-1")
    seen: list[tuple[str, ...]] = []
    status, allowed = -signal.SIGKILL, 1
    with gate_to(place.cluster) as gate, kubelet(place) as ended:
        while status == -signal.SIGKILL:
            gate.passed, gate.allowed = 0, allowed
            gate.victim = coordinator = place.start("churn-1", wanted, gate.url)
            status = coordinator.end()
            seen.append(state(place))
            allowed += seen[-1] in seen[:-1]
    assert (status, coordinator.said()[-1]) == (0, "all 3 tasks have succeeded")
    assert list(dict.fromkeys(seen)) == [
        (),
        ("load-aa",),
        ("load-aa", "train-bb"),
        ("load-aa", "train-bb", "serve"),
    ]
    assert ended == ["load-aa", "train-bb"]
    assert place.deployment("serve")["metadata"]["generation"] == 1


def state(place: Place) -> tuple[str, ...]:
    found = place.cluster.request("GET", f"/apis/apps/v1/namespaces/{place.namespace}/deployments").body[
        "items"
    ]
    return (*sorted(place.jobs()), *(each["metadata"]["name"] for each in found))


def test_two_coordinators_of_one_run_do_everything_once(place: Place) -> None:
    """A pod on a node that is out of reach still runs when there is another in its stead."""
    steps = [step(name, "aa", *before) for name, before in (("a", ""), ("b", ""), ("c", "ab"), ("d", "c"))]
    wanted = plan(*steps)
    place.apply_templates(wanted)
    place.make_run("churn-1")
    with kubelet(place) as ended:
        both = [place.start("churn-1", wanted) for _ in range(2)]
        assert [process.end() for process in both] == [0, 0]
    assert sorted(ended) == ["a-aa", "b-aa", "c-aa", "d-aa"]


def test_sigterm_ends_it_at_once_and_leaves_the_jobs_alone(place: Place) -> None:
    wanted = plan(step("load", "aa"))
    coordinator = place.run("churn-1", wanted)
    coordinator.until_it_says("load: started")
    coordinator.signal(signal.SIGTERM)
    assert coordinator.end(5) == 143
    again = place.start("churn-1", wanted)
    again.until_it_says("1 of them were begun before")
    place.end_pod("load-aa")
    assert again.end() == 0


def test_what_happens_while_the_api_server_is_away_is_not_missed(place: Place) -> None:
    """The changes since the connection dropped can no longer be had from a server that has started again."""
    wanted = plan(step("load", "aa"))
    place.apply_templates(wanted)
    place.make_run("churn-1")
    with gate_to(place.cluster) as gate:
        coordinator = place.start("churn-1", wanted, gate.url)
        until(lambda: gate.passed == REQUESTS_UNTIL_IT_WAITS, "the watch")
        gate.shut()
        version = place.jobs()["load-aa"]["metadata"]["resourceVersion"]
        place.end_pod("load-aa")
        until(lambda: place.jobs()["load-aa"]["status"].get("completionTime"), "the end of the Job")
        place.cluster.stop_api_server()
        place.cluster.start_api_server()
        since = f"{place.batch}/jobs?watch=true&timeoutSeconds=1&resourceVersion={version}"
        assert place.ask("GET", since)["object"]["code"] == 410
        gate.is_shut = False
        assert coordinator.end() == 0
    said = coordinator.said()
    assert said[2].startswith("asking the API server again, for up to 600 s: ")
    assert said[3] == "the API server answers again"


def test_api_server_can_be_away_at_any_time(place: Place) -> None:
    coordinator = place.run("churn-1", plan(step("load", "aa"), step("train", "bb", "load")))
    coordinator.until_it_says("load: started")
    place.cluster.stop_api_server()
    coordinator.until_it_says("asking the API server again")
    place.cluster.start_api_server()
    with kubelet(place) as ended:
        assert coordinator.end() == 0
    assert ended == ["load-aa", "train-bb"]


def test_workflows_do_not_mind_each_other(place: Place) -> None:
    one = plan(step("churn-load", "aa"), step("churn-train", "bb", "churn-load"))
    two = plan(step("other-load", "aa"), step("other-train", "bb", "other-load"), workflow="other")
    with kubelet(place) as ended:
        runs = [place.run("churn-1", one), place.run("other-1", two)]
        assert [run.end() for run in runs] == [0, 0]
    assert sorted(ended) == ["churn-load-aa", "churn-train-bb", "other-load-aa", "other-train-bb"]
    assert all("other" not in line for line in runs[0].said())


@pytest.mark.parametrize("gone", [False, True])
def test_run_ends_when_a_newer_apply_has_replaced_a_template(place: Place, gone: bool) -> None:
    coordinator = place.run("churn-1", plan(step("load", "aa"), step("train", "bb", "load")))
    coordinator.until_it_says("load: started")
    if gone:
        place.cluster.kubectl("delete", "cronjob", "train", "-n", place.namespace)
    else:
        place.apply_templates(plan(step("load", "aa"), step("train", "b2", "load")))
    place.end_pod("load-aa")
    assert coordinator.end() == 1
    what = "is gone" if gone else "has been replaced by a newer apply"
    assert coordinator.said()[-1] == f"error: train: the template cronjob/train {what}; this run ends"
    assert set(place.jobs()) == {"load-aa"}


def test_run_leaves_a_service_to_a_newer_run(place: Place) -> None:
    place.make_run("churn-1")
    time.sleep(1)  # so that the other one is newer
    with kubelet(place):
        assert place.run("churn-2", plan(service("serve", "bb"))).end() == 0
    older = place.start("churn-1", plan(service("serve", "aa")))
    assert older.end() == 1
    assert older.said()[-1] == "error: a newer run has changed deployment/serve; this run ends"
    assert place.deployment("serve")["spec"]["template"]["metadata"]["annotations"] == {RUN: "bb"}


def test_run_takes_the_failure_of_a_newer_run_for_its_own(place: Place) -> None:
    place.make_run("churn-1")
    time.sleep(1)  # so that the other one is newer
    newer = place.run("churn-2", plan(step("load", "aa")))
    place.end_pod("load-aa", "Failed")
    assert newer.end() == 1
    jobs = uids(place)
    older = place.start("churn-1", plan(step("load", "aa")))
    assert older.end() == 1
    assert older.said()[1] == "load: already failed (Job load-aa)"
    assert uids(place) == jobs


def test_it_looks_when_it_is_told_to(place: Place) -> None:
    tasks = step("early", "aa"), step("late", "bb", first_look=4), step("seldom", "cc", poll=3)
    coordinator = place.run("churn-1", plan(*tasks))
    coordinator.until_it_says("seldom: started")
    start = time.monotonic()
    time.sleep(1.5)  # a second after its start each is looked at for the first time; nothing has ended yet
    with kubelet(place):
        coordinator.until_it_says("early: succeeded")
        coordinator.until_it_says("seldom: succeeded")
        assert time.monotonic() - start > 2
        coordinator.until_it_says("late: succeeded")
        assert time.monotonic() - start > 3  # a Job's age is known in whole seconds
        assert coordinator.end() == 0


def test_service_must_be_there_in_time_however_often_the_coordinator_starts(place: Place) -> None:
    wanted = plan(service("serve", "aa", deadline=10))
    place.make_run("churn-1")
    start = time.monotonic()
    coordinator = place.start("churn-1", wanted)
    coordinator.until_it_says("serve: 1 of 1 pods are new")
    seen = time.monotonic()
    time.sleep(8)
    coordinator.kill()
    coordinator = place.start("churn-1", wanted)
    assert coordinator.end() == 1
    assert time.monotonic() - start > 9
    assert time.monotonic() - seen < 8 + 10
    numbers = "1 of 1 pods are new, 0 available, 0 old ones left"
    look = f"kubectl describe deployment/serve -n {place.namespace}"
    assert coordinator.said()[-1] == f"- serve: failed: not rolled out in 10 s: {numbers}; look at: {look}"


def test_new_version_of_a_service_is_there_when_the_old_one_is_gone(place: Place) -> None:
    with kubelet(place):
        assert place.run("churn-1", plan(service("serve", "aa"))).end() == 0
    coordinator = place.run("churn-2", plan(service("serve", "bb")))
    coordinator.until_it_says("serve: 1 of 1 pods are new, 1 available, 1 old ones left")
    place.make_ready("serve")
    assert coordinator.end() == 0
    [pod] = place.pods("app=serve")
    assert pod["metadata"]["annotations"] == {RUN: "bb"}


def test_every_run_of_a_schedule_runs_everything(place: Place) -> None:
    wanted = plan(step("load", "aaaa"), service("serve", "bbbb", "load"), repeats=True)
    with kubelet(place) as ended:
        for name in ("churn-100", "churn-200"):
            assert place.run(name, wanted).end() == 0
            assert place.jobs()[ended[-1]]["metadata"]["labels"][RUN] == name
    assert len(set(ended)) == len(place.jobs()) == 2
    assert {len(name) for name in ended} == {len("load-aaaa")}
    assert place.deployment("serve")["metadata"]["generation"] == 2


def test_job_that_somebody_deletes_has_failed(place: Place) -> None:
    coordinator = place.run("churn-1", plan(step("load", "aa")))
    coordinator.until_it_says("load: started")
    place.cluster.kubectl("delete", "job", "load-aa", "-n", place.namespace)
    assert coordinator.end() == 1
    assert coordinator.said()[-1] == "- load: failed: its Job has been deleted"


@pytest.mark.parametrize(
    ("part", "value", "why"),
    [
        ("spec", {**deployment("serve")["spec"], "selector": {}}, "(Invalid 422)"),
        ("apiVersion", "apps/v0", "the server could not find the requested resource (NotFound 404)"),
    ],
    ids=["invalid", "unknown"],
)
def test_what_cannot_be_made_has_failed(part: str, value: Object, why: str, place: Place) -> None:
    wanted = service("serve", "aa", deployment={**deployment("serve"), part: value})
    place.make_run("churn-1")
    coordinator = place.start("churn-1", plan(wanted))
    assert coordinator.end(20) == 1
    line = coordinator.said()[-1]
    assert line.startswith("- serve: could not be started: ")
    assert line.endswith(why)


def make_two_runs(place: Place, wanted: Plan) -> None:
    place.apply_templates(wanted)
    place.make_run("churn-1", OF_A_RUN)
    time.sleep(1.1)  # the times of creation are in seconds
    place.make_run("churn-2", OF_A_RUN)


def test_older_run_that_another_has_ended_meanwhile(place: Place) -> None:
    wanted = plan(step("load", "aa"))
    make_two_runs(place, wanted)
    with gate_to(place.cluster) as gate, kubelet(place):
        # its own Job, that of the step, older runs; then it deletes
        gate.before[3] = lambda: print(
            place.cluster.kubectl("delete", "job", "churn-1", "-n", place.namespace)
        )
        assert place.start("churn-2", wanted, gate.url).end() == 0
    assert gate.before == {}


def test_older_run_that_it_may_not_end(place: Place) -> None:
    wanted = plan(step("load", "aa"))
    make_two_runs(place, wanted)
    place.allow("timid", {**RIGHTS, "jobs.batch": ("get", "list", "watch", "create", "patch")})
    coordinator = place.start("churn-2", wanted, account="timid", AUTOML_PATIENCE="1")
    assert coordinator.end() == 1
    assert 'cannot delete resource "jobs"' in coordinator.said()[-1]
    assert set(place.jobs()) == {"churn-1", "churn-2"}


def test_missing_right_is_named(place: Place) -> None:
    place.allow("reader", {"jobs.batch": ("get", "list")})
    place.make_run("churn-1")
    coordinator = place.start("churn-1", plan(step("a", "aa")), account="reader", AUTOML_PATIENCE="1")
    assert coordinator.end() == 1
    assert 'cannot get resource "cronjobs"' in coordinator.said()[-1]
