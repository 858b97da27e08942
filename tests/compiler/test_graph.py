"""The order of nodes, against the plainest programs that find the same."""

import random
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.compiler.graph import (
    circle,
    count_without_barriers,
    in_order,
    only_successes,
    upstream,
    without_barriers,
)
from automl.compiler.ir import Barrier, Edge, Job, Node, On
from tests.by_hand import barrier, graphs, job, workflow

_SOME = settings(max_examples=200, deadline=None)


def closure(nodes: Sequence[Node]) -> dict[str, set[str]]:
    """All that comes before each node: edges are followed until nothing new is met."""
    before = {node.name: {edge.node for edge in node.after} for node in nodes}
    while True:
        more = {name: names.union(*(before[other] for other in names)) for name, names in before.items()}
        if more == before:
            return before
        before = more


def names(nodes: Sequence[Node]) -> list[str]:
    return [node.name for node in nodes]


@st.composite
def any_graphs(draw: st.DrawFn) -> list[Job]:
    """Jobs with any edges, to themselves as well, in any order."""
    every = [f"job-{number}" for number in range(draw(st.integers(1, 7)))]
    return [job(name, *draw(st.lists(st.sampled_from(every), max_size=2))) for name in every]


@_SOME
@given(graphs(), st.randoms(use_true_random=False))
def test_the_order_keeps_every_edge_and_else_the_order_that_was(
    nodes: list[Node], shuffler: random.Random
) -> None:
    shuffler.shuffle(nodes)
    left, ordered = list(nodes), list[Node]()
    while left:  # the first that can start, again and again
        started = set(names(ordered))
        ordered.append(next(node for node in left if {edge.node for edge in node.after} <= started))
        left.remove(ordered[-1])
    assert in_order(nodes) == ordered


@_SOME
@given(graphs())
def test_an_order_that_keeps_the_edges_stays(nodes: list[Node]) -> None:
    assert in_order(nodes) == nodes


@_SOME
@given(any_graphs())
def test_a_circle_is_named_if_and_only_if_there_is_one(nodes: list[Job]) -> None:
    found = circle(nodes)
    assert bool(found) == any(name in before for name, before in closure(nodes).items())
    for node, other in zip(found, found[1:] + found[:1], strict=True):
        assert other.name in {edge.node for edge in node.after}
    assert len(set(names(found))) == len(found)
    if found:
        with pytest.raises(ValueError, match=f"each comes after the next: {found[0].name}"):
            in_order(nodes)


@_SOME
@given(graphs())
def test_what_is_upstream(nodes: list[Node]) -> None:
    sets, before = upstream(nodes), closure(nodes)
    for node in nodes:
        assert {other.name for place, other in enumerate(nodes) if sets[node.name] >> place & 1} == before[
            node.name
        ]


@_SOME
@given(graphs())
def test_without_barriers_the_same_tasks_come_before(nodes: list[Node]) -> None:
    edges, before = without_barriers(nodes), closure(nodes)
    barriers = {node.name for node in nodes if isinstance(node, Barrier)}
    straight = closure([job(name, *after) for name, after in edges.items()])
    assert straight == {name: others - barriers for name, others in before.items() if name not in barriers}
    assert all(len(set(after)) == len(after) for after in edges.values())
    assert sum(map(len, edges.values())) <= count_without_barriers(nodes)


def test_the_edges_of_barriers_are_counted_as_they_are_written_out() -> None:
    nodes: list[Node] = [
        job("a"),
        job("b"),
        barrier("stage/ab", "a", "b"),
        job("c", "stage/ab"),
        job("d", "stage/ab", "c"),
    ]
    assert count_without_barriers(nodes) == 5 == sum(map(len, without_barriers(nodes).values()))


def holds(edge: Edge, outcomes: dict[str, On], nodes: dict[str, Node]) -> bool:
    """Whether an edge holds when the tasks have ended so: a barrier holds when all its edges do."""
    if edge.node in outcomes:
        return edge.on in (On.ENDED, outcomes[edge.node])
    others = [
        Edge(other.node, On.ENDED) if edge.on is On.ENDED else other for other in nodes[edge.node].after
    ]
    return all(holds(other, outcomes, nodes) for other in others)


@_SOME
@given(graphs(conditions=list(On)), st.data())
def test_without_barriers_every_condition_is_as_it_was(nodes: list[Node], data: st.DataObject) -> None:
    by_name = {node.name: node for node in nodes}
    tasks = [node for node in nodes if not isinstance(node, Barrier)]
    ends = st.sampled_from([On.SUCCEEDED, On.FAILED])
    outcomes = {task.name: data.draw(ends) for task in tasks}
    for name, after in without_barriers(nodes).items():
        wanted = all(holds(edge, outcomes, by_name) for edge in by_name[name].after)
        assert all(holds(edge, outcomes, by_name) for edge in after) == wanted


def test_nothing_comes_after_the_failure_of_a_barrier() -> None:
    nodes: list[Node] = [job("a"), barrier("stage/a", "a"), job("b", Edge("stage/a", On.FAILED))]
    with pytest.raises(ValueError, match="stage/a"):
        without_barriers(nodes)


@pytest.mark.parametrize("on", [On.FAILED, On.ENDED])
def test_an_engine_that_starts_nothing_after_a_failure_says_what_it_cannot(on: On) -> None:
    straight = job("straight", Edge("a", on))
    through = job("through", "stage/a")._replace(step="through")
    nodes: list[Node] = [
        job("a"),
        barrier("stage/a", Edge("a", on)),
        straight,
        through,
        job("never", "straight"),
    ]
    said = [diagnostic.message for diagnostic in only_successes(workflow(nodes), "an engine")]
    assert said == [
        'an engine cannot start "straight" when something before it has failed',
        'an engine cannot start "through" when something before it has failed',
    ]


def test_ten_thousand_in_a_row_take_no_time() -> None:
    nodes: list[Node] = []
    for number in range(10_000):
        nodes.append(job(f"job-{number}", *(f"stage/{number - 1}" for _ in range(number > 0))))
        nodes.append(barrier(f"stage/{number}", f"job-{number}"))
    start = time.process_time()
    assert in_order(nodes) == nodes
    assert upstream(nodes)["job-9999"].bit_count() == 19_998
    assert count_without_barriers(nodes) == 9_999 == sum(map(len, without_barriers(nodes).values()))
    assert circle(nodes) == []
    assert time.process_time() - start < 5  # one takes a third of a second
