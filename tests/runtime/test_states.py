"""The rules by which the tasks of a run go; what the coordinator does by them is in tests/conformance."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.runtime.states import Run, State, Task, joined

WAITING, RUNNING, SUCCEEDED, FAILED, TOLERATED = State


def task(name: str, *after: str, state: State = WAITING, fate: str = "") -> Task:
    return Task(name, after, state, fate)


def run_of(*tasks: Task, limit: int | None = None, **barriers: Sequence[str]) -> Run[Task]:
    return Run(tasks, barriers, limit)


def names(tasks: Sequence[Task]) -> list[str]:
    return [each.name for each in tasks]


def test_tasks_start_when_all_before_them_have_succeeded() -> None:
    tasks = (
        task("a", state=SUCCEEDED),
        task("b", state=RUNNING),
        task("c", "a"),
        task("d", "a", "b"),
        task("e"),
        task("f", "c"),
    )
    assert names(run_of(*tasks).startable()) == ["c", "e"]
    assert names(run_of(*tasks, limit=2).startable()) == ["c"]
    assert names(run_of(*tasks, limit=1).startable()) == []
    assert names(run_of(*tasks, limit=0).startable()) == []
    assert names(run_of(*tasks, task("g", state=FAILED)).startable()) == []


def test_task_after_a_barrier_comes_after_all_that_the_barrier_comes_after() -> None:
    done, runs, last = task("a", state=SUCCEEDED), task("b", state=RUNNING), task("c", "all")
    run = run_of(done, runs, last, task("d", "some"), all=["some", "b"], some=["a"], nothing=[])
    assert names(run.startable()) == ["d"]
    assert names(run.before(last)) == ["a", "b"]
    runs.end(SUCCEEDED, "")
    assert names(run.startable()) == ["c", "d"]


def test_what_comes_after_a_task_that_is_to_run_again_waits_again() -> None:
    first = task("a", state=SUCCEEDED)
    run = run_of(first, task("b", "all"), task("c", "a"), all=["some"], some=["a"])
    assert names(run.startable()) == ["b", "c"]
    first.state = WAITING
    assert names(run.startable()) == ["a"]
    first.end(SUCCEEDED, "")
    first.end(SUCCEEDED, "once more")
    assert names(run.startable()) == ["b", "c"]


def test_a_task_of_many_takes_no_longer_than_one_of_few() -> None:
    """Looking at all of them each time would take minutes."""
    count = 30_000
    run = run_of(*(task(str(number)) for number in range(count)), limit=1)
    began = time.process_time()
    for number in range(count):
        [startable] = run.startable()
        assert startable.name == str(number)
        startable.state = RUNNING
        assert not run.has_ended()
        startable.end(SUCCEEDED, "")
    assert run.has_succeeded()
    assert time.process_time() - began < 10


def test_tasks_right_before_are_in_the_order_of_the_plan_and_no_others() -> None:
    last = task("d", "c", "stage")
    run = run_of(task("x"), task("a", "x"), task("b"), task("c", "b"), last, stage=["c", "a"])
    assert names(run.before(last)) == ["a", "c"]


def test_run_has_ended_when_nothing_runs_and_nothing_will() -> None:
    assert not run_of(task("a", state=RUNNING), task("b", state=FAILED)).has_ended()
    assert not run_of(task("a"), task("b", state=SUCCEEDED)).has_ended()
    assert run_of(task("a"), task("b", state=FAILED)).has_ended()
    assert run_of(task("b", state=SUCCEEDED)).has_ended()


def test_line_of_a_task_has_the_number_of_those_that_have_succeeded() -> None:
    good = task("a", state=SUCCEEDED, fate="succeeded after 2 s")
    bad = task("b", state=FAILED, fate="failed after 3 s")
    run = run_of(good, bad)
    assert run.said(good) == "a: succeeded after 2 s (1 of 2)"
    assert run.said(bad) == "b: failed after 3 s"


def test_report_has_a_line_for_each_task() -> None:
    tasks = (
        task("last", "next"),
        task("next", "stage"),
        task("idle", "good"),
        task("bad", state=FAILED, fate="failed after 3 s"),
        task("worse", state=FAILED, fate="could not be started"),
        task("good", state=SUCCEEDED, fate="succeeded after 2 s"),
    )
    run = run_of(*tasks, stage=["bad", "good"])
    assert not run.has_succeeded()
    assert run.report() == [
        "not all tasks have succeeded:",
        "- last: not started because of bad",
        "- next: not started because of bad",
        "- idle: not started because of bad, worse",
        "- bad: failed after 3 s",
        "- worse: could not be started",
        "- good: succeeded after 2 s",
    ]


def test_report_is_one_line_if_all_have_succeeded() -> None:
    run = run_of(task("good", state=SUCCEEDED, fate="succeeded after 2 s"))
    assert run.has_succeeded()
    assert run.report() == ["all 1 tasks have succeeded"]


def test_tasks_that_wait_for_each_other_end_the_run() -> None:
    run = run_of(task("a", "all"), task("b", state=FAILED, fate="failed"), all=["a"])
    assert run.has_ended()
    assert run.report()[1:] == ["- a: not started because of b", "- b: failed"]


@pytest.mark.parametrize("digest", ["1a2b3c4d", "aa"])
def test_every_run_of_a_schedule_has_its_own_digests(digest: str) -> None:
    digests = [joined(digest, run) for run in ("churn-1", "churn-2")]
    assert len({*digests, digest}) == 3
    assert {len(each) for each in digests} == {len(digest)}


def test_digest_stays_the_same_from_start_to_start() -> None:
    assert (
        joined("1a2b3c4d", "churn-1") == "d8cc622d"
    )  # of SHA-256: a new start finds the Jobs of the last one
    assert joined("1a2b3c4d", "a", "b") == "08bbbad4"


@dataclass
class Case:
    """A run that nobody has begun yet, and how each task will end if it is begun."""

    run: Run[Task]
    ends: Mapping[str, State]

    def required(self, task: Task) -> set[str]:
        """All tasks before a task, one behind the other."""
        return self._walk(task.after)

    def _walk(self, after: Sequence[str]) -> set[str]:
        tasks = {each.name: each for each in self.run.tasks}
        found: set[str] = set()
        for name in after:
            if name in tasks:
                found |= {name} | self._walk(tasks[name].after)
            else:
                found |= self._walk(self.run.barriers[name])
        return found


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any graph: each node comes after some of those that were made before it. The tasks are in any order."""
    tasks: list[Task] = []
    barriers: dict[str, Sequence[str]] = {}
    for number in range(draw(st.integers(0, 9))):
        known = [*names(tasks), *barriers]
        after = draw(st.lists(st.sampled_from(known), unique=True, max_size=4)) if known else []
        if draw(st.integers(0, 3)) == 0:
            barriers[f"barrier-{number}"] = after
        else:
            tasks.append(Task(f"task-{number}", after))
    limit = draw(st.none() | st.integers(1, 3))
    may_fail = draw(st.booleans())
    ends = {each.name: FAILED if may_fail and draw(st.integers(0, 3)) == 0 else SUCCEEDED for each in tasks}
    return Case(Run(draw(st.permutations(tasks)), barriers, limit), ends)


def play(case: Case, data: st.DataObject) -> None:
    """One thing that may happen: some of the tasks that may start do, or one that runs ends."""
    run, startable = case.run, case.run.startable()
    check_startable(case, startable)
    if startable and (not run.within(RUNNING) or data.draw(st.booleans())):
        for each in startable[: data.draw(st.integers(1, len(startable)))]:
            each.state = RUNNING
    else:
        ended = data.draw(st.sampled_from(run.within(RUNNING)))
        ended.end(case.ends[ended.name], "it ended")


def check_startable(case: Case, startable: list[Task]) -> None:
    """Exactly the first of those that may start, and as many as may."""
    run = case.run
    succeeded = set(names(run.within(SUCCEEDED)))
    ready = [each for each in run.tasks if each.state is WAITING and case.required(each) <= succeeded]
    free = run.limit - len(run.within(RUNNING))
    assert names(startable) == ([] if run.within(FAILED) else names(ready)[:free])


@settings(max_examples=300, deadline=None)
@given(cases(), st.data())
def test_any_run_keeps_the_rules_and_ends(case: Case, data: st.DataObject) -> None:
    run, failed_before = case.run, False
    for _ in range(2 * len(run.tasks)):
        if run.has_ended():
            break
        begun = set(names(run.within(RUNNING, SUCCEEDED, FAILED)))
        play(case, data)
        now = run.within(RUNNING, SUCCEEDED, FAILED)
        assert not failed_before or set(names(now)) == begun, "nothing is begun after a failure"
        assert all(case.required(each) <= set(names(run.within(SUCCEEDED))) for each in now)
        assert len(run.within(RUNNING)) <= run.limit
        assert run.has_succeeded() == all(each.state is SUCCEEDED for each in run.tasks)
        failed_before = bool(run.within(FAILED))
    assert run.has_ended()
    assert run.has_succeeded() == (not run.within(FAILED))
    check_report(case)


def check_report(case: Case) -> None:
    """It says each task once, and of one that was not begun whose fault that is."""
    run = case.run
    if run.has_succeeded():
        assert run.report() == [f"all {len(run.tasks)} tasks have succeeded"]
        return
    failed = names(run.within(FAILED))
    for each, line in zip(run.tasks, run.report()[1:], strict=True):
        blamed = [name for name in failed if name in case.required(each)] or failed
        fate = each.fate or f"not started because of {', '.join(blamed)}"
        assert line == f"- {each.name}: {fate}"
        assert (each.state is WAITING) == line.startswith(f"- {each.name}: not started because of task-")


@settings(max_examples=100, deadline=None)
@given(cases())
def test_tasks_right_before_are_those_without_another_between(case: Case) -> None:
    tasks = {each.name: each for each in case.run.tasks}
    for each in case.run.tasks:
        todo, right_before = list(each.after), set()
        while todo:
            name = todo.pop()
            if name in tasks:
                right_before.add(name)
            else:
                todo += case.run.barriers[name]
        assert names(case.run.before(each)) == [name for name in tasks if name in right_before]
