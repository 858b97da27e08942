"""The rule by which runs share a machine."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from automl.runtime.local.sharing import (
    PASSES,
    PRIORITIES,
    Row,
    Share,
    after_all_turns,
    in_order,
    reason,
    said,
)
from tests.examples import examples

CPU, MEMORY, GPUS = 4000, 8, ("0", "1")


def row(number: int, cpu: int = 1000, *, gpus: int = 0, **more: object) -> Row:
    """A run that waits, unless it `has` something."""
    choices = GPUS if gpus else ()
    return replace(Row(number, f"run-{number}", Share(cpu, 1, gpus), choices=choices), **more)  # type: ignore[arg-type]


def running(*rows: Row) -> list[int]:
    """The numbers of those that run once all have begun that may."""
    return [row.number for row in after_all_turns(rows, CPU, MEMORY) if row.has is not None]


def test_those_that_come_first_run_first() -> None:
    assert running(row(1, 3000), row(2), row(3)) == [1, 2]
    assert running(row(3), row(2), row(1, 3000)) == [1, 2]


def test_those_of_higher_priority_run_first() -> None:
    low, high = row(1, 3000, priority="low"), row(3, 3000, priority="high")
    assert running(low, row(2, 3000), high) == [3]
    assert running(low, row(2, 3000)) == [2]
    assert running(replace(low, has=()), row(2, 3000), high) == [1], "none is taken away from what runs"


def test_a_smaller_one_passes_one_for_which_there_is_no_room() -> None:
    assert running(row(1, 3000, has=()), row(2, 2000), row(3)) == [1, 3]


def test_nothing_passes_one_that_was_passed_often_enough() -> None:
    first = row(1, 1500, has=())
    rows = [first, row(2, 3000), *(row(number, 2500, priority="high") for number in range(3, 99))]
    for _ in range(PASSES):
        [begun] = {*running(*rows)} - {1}
        assert begun > 2
        rows = [each for each in after_all_turns(rows, CPU, MEMORY) if each.number != begun]
        first = replace(first, has=())
    assert running(*rows) == [1]
    assert running(*rows[1:]) == [2]


def test_one_that_was_passed_often_enough_keeps_its_place_from_the_small_ones_behind_it() -> None:
    waits = row(2, 4000, passed=PASSES)
    assert running(row(1, has=()), waits, row(3), row(4, priority="high")) == [1]
    assert running(row(1, has=()), replace(waits, passed=PASSES - 1), row(3), row(4)) == [1, 3]


def test_only_the_first_of_a_priority_is_passed() -> None:
    rows = [row(1, 4000), row(2, 4000), row(3, 4000, priority="low"), row(4, has=()), row(5)]
    passed = {each.number: each.passed for each in after_all_turns(rows, CPU, MEMORY)}
    assert passed == {1: 1, 2: 0, 3: 1, 4: 0, 5: 0}


def test_one_that_came_earlier_passes_nobody() -> None:
    rows = [row(1, 3000, priority="high"), row(2, 3000, priority="low"), row(3, 500)]
    passed = {each.number: each.passed for each in after_all_turns(rows, CPU, MEMORY)}
    assert passed == {1: 0, 2: 1, 3: 0}


def test_gpus_are_handed_out_by_number_once_each() -> None:
    rows = after_all_turns([row(1, gpus=1), row(2, gpus=1), row(3, gpus=1)], CPU, MEMORY)
    assert [each.has for each in rows] == [("0",), ("1",), None]
    rows = after_all_turns([row(1, gpus=1, has=("0",)), replace(row(2, gpus=1), choices=("0",))], CPU, MEMORY)
    assert [each.has for each in rows] == [("0",), None], "it can have no other"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([row(1, 3500, has=()), row(9)], "for 1 CPU, behind run-1"),
        ([row(1, 100, gpus=2, has=GPUS), row(2, has=()), row(9, gpus=1)], "for 1 GPU, behind run-1"),
        (
            [*(row(n, 800, has=()) for n in range(1, 6)), row(9)],
            "for 1 CPU, behind run-1, run-2, run-3, others",
        ),
        ([row(1, has=()), row(2, 4000, passed=PASSES), row(9)], "behind run-2"),
        ([row(9, 9000)], "for 9 CPUs"),
    ],
)
def test_who_waits_is_told_what_for(rows: list[Row], words: str) -> None:
    rows = after_all_turns(rows, CPU, MEMORY)
    assert reason(rows[-1], rows, CPU, MEMORY) == words


def test_a_share_is_said_as_people_say_it() -> None:
    assert said(Share(500, 1_500_000_000, 2)) == "2 GPUs and 0.5 CPU and 1.5 GB of memory"


SHARES = st.builds(
    Share, st.sampled_from([0, 500, 1000, 3000, CPU]), st.integers(0, MEMORY), st.integers(0, len(GPUS))
)


class Sharing(RuleBasedStateMachine):
    """Runs that arrive and end; the test keeps its own account of who has passed whom."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.ahead: dict[int, int] = {}  # how many of the same priority waited when one arrived
        self.passed: Counter[int] = Counter()  # how many that arrived after one have begun while it waited
        self.number = 0

    @rule(share=SHARES, priority=st.sampled_from(PRIORITIES))
    def arrive(self, share: Share, priority: str) -> None:
        self.number += 1
        self.ahead[self.number] = sum(each.priority == priority for each in self.waiting())
        self.settle([*self.rows, Row(self.number, f"run-{self.number}", share, priority, GPUS)])

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        gone = data.draw(st.sampled_from(self.rows))
        self.settle([each for each in self.rows if each is not gone])

    @precondition(lambda self: any(each.has is not None for each in self.rows))
    @rule()
    def end_the_first_that_runs(self) -> None:
        gone = next(each for each in self.rows if each.has is not None)
        self.settle([each for each in self.rows if each is not gone])

    def waiting(self) -> list[Row]:
        return [each for each in self.rows if each.has is None]

    def settle(self, rows: list[Row]) -> None:
        before = {each.number for each in rows if each.has is not None}
        self.rows = after_all_turns(rows, CPU, MEMORY)
        begun = [each for each in self.rows if each.has is not None and each.number not in before]
        assert before <= {each.number for each in self.rows if each.has is not None}, (
            "one has lost what it had"
        )
        for waits in self.waiting():
            later = [each for each in begun if each.number > waits.number]
            self.passed[waits.number] += len(later)
            assert not [each for each in later if self.is_worse(each, waits)]

    @staticmethod
    def is_worse(one: Row, other: Row) -> bool:
        """Whether a run has no right to begin before another that came earlier."""
        no_smaller = all(mine >= its for mine, its in zip(one.share, other.share, strict=True))
        return (
            one.passed < PASSES
            and no_smaller
            and PRIORITIES.index(one.priority) >= PRIORITIES.index(other.priority)
        )

    @invariant()
    def nothing_is_handed_out_twice(self) -> None:
        shares = [each.share for each in self.rows if each.has is not None]
        assert sum(share.cpu for share in shares) <= CPU
        assert sum(share.memory for share in shares) <= MEMORY
        gpus = [gpu for each in self.rows for gpu in each.has or ()]
        assert len(gpus) == len(set(gpus)) == sum(share.gpus for share in shares)
        assert set(gpus) <= {*GPUS}

    @invariant()
    def nothing_waits_without_a_reason(self) -> None:
        is_held_up = any(each.passed >= PASSES for each in self.waiting())
        for each in self.waiting() if not is_held_up else in_order(self.rows)[:1]:
            assert reason(each, self.rows, CPU, MEMORY).startswith("for "), "there is room for it"

    @invariant()
    def nothing_starves(self) -> None:
        for each in self.waiting():
            assert self.passed[each.number] <= PASSES * (1 + self.ahead[each.number])

    @invariant()
    def looking_again_changes_nothing(self) -> None:
        assert after_all_turns(self.rows, CPU, MEMORY) == self.rows

    def teardown(self) -> None:
        while any(each.has is not None for each in self.rows):
            self.end_the_first_that_runs()
        assert self.rows == [], "they wait for ever"


TestSharing = Sharing.TestCase
TestSharing.settings = settings(max_examples=examples(100), stateful_step_count=50, deadline=None)
