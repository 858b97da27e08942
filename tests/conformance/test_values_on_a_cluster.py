"""How values get from step to step on a real control plane, whose pods have the last words that the tests give them."""

import json
import signal
from typing import Any

import pytest

from automl.runtime.outputs import framed
from automl.runtime.plan import Plan, Step
from tests.conformance.cluster import until
from tests.conformance.workflows import (
    Object,
    Place,
    deployment,
    gate_to,
    kubelet,
    plan,
    service,
    step,
)
from tests.runtime.kubelet import variables_of

OUTPUTS = "automl.dev/outputs"
NASTY = "a $(HOME) $$ ${X} $é {{workflow.name}} @(X) 'é' \"日本\" 🚀\n%41\\"
ROWS: Object = {"ROWS": {"task": "load", "output": "rows"}}
EVERYTHING: Object = {
    **ROWS,
    "NOTE": {"task": "load", "output": "note"},
    "TABLE": {"task": "load", "output": "table", "file": True},
    "EMPTY": {"task": "load", "output": "empty"},
}
TOLD: Object = {"ID": {"run": "id"}, "NAME": {"run": "name"}}
SAID = framed({"rows": "12", "note": NASTY, "empty": ""})


def load(**more: Any) -> Step:
    return step("load", "aaaa", outputs=("rows",), **more)


def train(hash: str = "bbbb") -> Step:
    return step("train", hash, "load", values=ROWS)


def the_job(place: Place, name: str) -> Object:
    """The Job of a step, which is the only one."""
    [job] = [job for each, job in place.jobs().items() if each.startswith(f"{name}-")]
    return job


def uid(place: Place, name: str) -> str:
    return str(the_job(place, name)["metadata"]["uid"])


def given(pod: Object) -> dict[str, str]:
    """The variables of a pod as its program sees them."""
    return variables_of(pod["containers"][0]["env"], {})


def given_to(place: Place, name: str) -> dict[str, str]:
    return given(the_job(place, name)["spec"]["template"]["spec"])


def test_values_files_and_the_run_arrive(place: Place) -> None:
    producer = step("load", "aaaa", outputs=("rows", "note", "empty"))
    steps = [producer, step("train", "bbbb", "load", values={**EVERYTHING, **TOLD})]
    wanted = service("serve", "cccc", "train", deployment=deployment("serve", EVERYTHING), values=EVERYTHING)
    with kubelet(place, {"load": SAID}):
        assert place.run("churn-1", plan(*steps, wanted, workspace="/w s")).end() == 0
    assert json.loads(the_job(place, "load")["metadata"]["annotations"][OUTPUTS])["note"] == NASTY
    run = place.ask("GET", f"{place.batch}/jobs/churn-1")["metadata"]["uid"]
    values = {"ROWS": "12", "NOTE": NASTY, "EMPTY": "", "TABLE": "/w s/runs/load-aaaa/table"}
    assert given_to(place, "train") == values | {"ID": run, "NAME": "churn-1"}
    assert given(place.deployment("serve")["spec"]["template"]["spec"]) == values


def test_values_outlive_the_pods(place: Place) -> None:
    with kubelet(place, {"load": SAID}):
        assert place.run("churn-1", plan(load(), train())).end() == 0
        first = the_job(place, "load")["metadata"]["uid"]
        place.cluster.kubectl("delete", "pods", "--all", "-n", place.namespace, "--wait=true")
        again = place.run("churn-2", plan(load(), train("b2b2")))
        assert again.end() == 0
    assert uid(place, "load") == first
    names = {name for name in place.jobs() if name.startswith("train-")}
    assert len(names) == 2
    for name in names:
        assert given(place.jobs()[name]["spec"]["template"]["spec"]) == {"ROWS": "12"}


def test_same_values_same_job(place: Place) -> None:
    with kubelet(place, {"load": SAID}) as ended:
        for name in ("churn-1", "churn-2"):
            assert place.run(name, plan(load(), train())).end() == 0
    assert len(ended) == 2


def test_values_of_another_job_make_another_job(place: Place) -> None:
    """The producer is gone, perhaps with its node, and comes out differently: nothing keeps what came of the first."""
    with kubelet(place, {"load": SAID}):
        assert place.run("churn-1", plan(load(), train())).end() == 0
    place.cluster.kubectl("delete", "job", "load-aaaa", "-n", place.namespace, "--wait=true")
    with kubelet(place, {"load": framed({"rows": "13"})}):
        assert place.run("churn-2", plan(load(), train())).end() == 0
    pods = [
        job["spec"]["template"]["spec"] for name, job in place.jobs().items() if name.startswith("train-")
    ]
    assert sorted(given(pod)["ROWS"] for pod in pods) == ["12", "13"]


def end_unseen(place: Place, wanted: Plan, message: bytes) -> None:
    """The step ends well while no coordinator looks, and its pod goes."""
    coordinator = place.run("churn-1", wanted)
    coordinator.until_it_says("load: started")
    coordinator.signal(signal.SIGKILL)
    coordinator.end()
    place.end_with("load-aaaa", message)
    until(lambda: place.jobs()["load-aaaa"]["status"].get("completionTime"), "the end of the Job")


def test_values_are_read_by_the_next_coordinator(place: Place) -> None:
    end_unseen(place, plan(load(), train()), SAID)
    first = uid(place, "load")
    with kubelet(place):
        assert place.start("churn-1", plan(load(), train())).end() == 0
    assert uid(place, "load") == first
    assert given_to(place, "train") == {"ROWS": "12"}


@pytest.mark.parametrize("run", ["churn-1", "churn-2"])
def test_step_whose_values_are_lost_runs_again(place: Place, run: str) -> None:
    wanted = plan(load(), train())
    end_unseen(place, wanted, SAID)
    first = uid(place, "load")
    place.cluster.kubectl("delete", "pods", "--all", "-n", place.namespace, "--wait=true")
    if run != "churn-1":
        place.make_run(run)
    with kubelet(place, {"load": framed({"rows": "13"})}):
        again = place.start(run, wanted)
        assert again.end() == 0
    assert "load: its values are lost, is tried anew" in again.said()
    assert uid(place, "load") != first
    assert given_to(place, "train") == {"ROWS": "13"}


def test_step_without_values_needs_no_pod(place: Place) -> None:
    wanted = plan(step("load", "aaaa"), step("train", "bbbb", "load"))
    end_unseen(place, wanted, b"whatever")
    first = uid(place, "load")
    place.cluster.kubectl("delete", "pods", "--all", "-n", place.namespace, "--wait=true")
    with kubelet(place):
        assert place.start("churn-1", wanted).end() == 0
    assert uid(place, "load") == first


@pytest.mark.parametrize(
    ("message", "container", "why"),
    [
        (framed({"other": "1"}), "main", "it has not handed on rows"),
        (b"", "main", "it has not handed on rows"),
        (b"done", "main", "no values are in the message b'done'"),
        (SAID, "sidecar", "its pod went before the values were read"),
    ],
)
def test_step_that_does_not_say_its_values_has_failed(
    place: Place, message: bytes, container: str, why: str
) -> None:
    coordinator = place.run("churn-1", plan(load(), train()))
    place.end_with("load-aaaa", message, container)
    assert coordinator.end() == 1
    report = coordinator.said()[-2:]
    assert report[0].startswith("- load: failed after ")
    assert f" s: {why}; look at: kubectl logs job/load-aaaa -n " in report[0]
    assert report[1] == "- train: not started because of load"
    with kubelet(place, {"load": SAID}):  # a new run tries it anew
        assert place.run("churn-2", plan(load(), train())).end() == 0
    assert given_to(place, "train") == {"ROWS": "12"}


def test_pods_of_an_earlier_job_of_the_name_are_not_asked(place: Place) -> None:
    """They may still be there for a while when their Job is made again."""
    wanted = plan(load(), train())
    with kubelet(place, {"load": SAID}):
        assert place.run("churn-1", wanted).end() == 0
    place.cluster.kubectl(
        "delete", "job", "load-aaaa", "-n", place.namespace, "--cascade=orphan", "--wait=true"
    )
    with kubelet(place, {"load": framed({"rows": "13"})}):
        assert place.run("churn-2", wanted).end() == 0
    assert json.loads(the_job(place, "load")["metadata"]["annotations"][OUTPUTS]) == {"rows": "13"}


def test_what_is_told_the_run_runs_in_each(place: Place) -> None:
    """And so does what comes after it, also behind a barrier; the rest does not."""
    tasks = step("load", "aaaa"), step("mark", "bbbb", "load", values=TOLD), step("last", "cccc", "mark")
    with kubelet(place) as ended:
        for name in ("churn-1", "churn-2"):
            assert place.run(name, plan(*tasks)).end() == 0
    counts = {task.name: sum(job.startswith(f"{task.name}-") for job in ended) for task in tasks}
    assert counts == {"load": 1, "mark": 2, "last": 2}
    names = {
        given(job["spec"]["template"]["spec"])["NAME"] for each, job in place.jobs().items() if "mark" in each
    }
    assert names == {"churn-1", "churn-2"}


def test_every_run_of_a_schedule_has_its_own_values(place: Place) -> None:
    wanted = plan(load(), train(), repeats=True)
    for name, rows in (("churn-100", "1"), ("churn-200", "2")):
        with kubelet(place, {"load": framed({"rows": rows})}):
            assert place.run(name, wanted).end() == 0
    pods = [
        job["spec"]["template"]["spec"] for name, job in place.jobs().items() if name.startswith("train-")
    ]
    assert sorted(given(pod)["ROWS"] for pod in pods) == ["1", "2"]


def test_coordinator_that_is_killed_again_and_again_loses_no_value(place: Place) -> None:
    """It is killed when it asks once more than it may; the pods go as soon as their values are kept."""
    score = {"SCORE": {"task": "train", "output": "score"}}
    served = service("serve", "cccc", "train", deployment=deployment("serve", score), values=score)
    wanted = plan(load(), step("train", "bbbb", "load", values=ROWS, outputs=("score",)), served)
    place.apply_templates(wanted)
    place.make_run("churn-1")
    status, allowed, seen = -signal.SIGKILL, 1, list[tuple[str, ...]]()
    with (
        gate_to(place.cluster) as gate,
        kubelet(place, {"load": SAID, "train": framed({"score": "0.5"})}) as ended,
    ):
        while status == -signal.SIGKILL:
            gate.passed, gate.allowed = 0, allowed
            gate.victim = coordinator = place.start("churn-1", wanted, gate.url)
            status = coordinator.end()
            seen.append(kept(place))
            allowed += seen[-1] in seen[:-1]
    assert (status, coordinator.said()[-1]) == (0, "all 3 tasks have succeeded")
    assert len(ended) == 2
    assert given_to(place, "train") == {"ROWS": "12"}
    assert given(place.deployment("serve")["spec"]["template"]["spec"]) == {"SCORE": "0.5"}
    assert place.deployment("serve")["metadata"]["generation"] == 1


def kept(place: Place) -> tuple[str, ...]:
    """How far a run is, by its Jobs and their values."""
    jobs = place.jobs().items()
    return tuple(sorted(f"{name} {OUTPUTS in job['metadata']['annotations']}" for name, job in jobs))
