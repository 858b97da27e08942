"""What nested DAGs hand on: every task is given what it takes, by a way that each DAG on it says whole."""

import re
from collections.abc import Mapping, Sequence

from hypothesis import event, given, settings
from hypothesis import strategies as st

from automl.compiler.ir import Edge
from automl.targets.dag.names import TaskNames
from automl.targets.dag.nesting import shape_of
from automl.targets.dag.routes import MAX_KEY, Handed, Origin, Routes, routes_of
from automl.targets.dag.shapes import Dag, Node
from tests.by_hand import barrier, job, workflow

Takes = Mapping[str, Sequence[Handed]]
ROWS = Handed("load", "rows")
ONE = Dag("main", (Node("load", ()), Node("train", (Edge("load"),))))
NESTED = [
    Dag("in-1", (Node("load", ()),)),
    Dag("out-1", (Node("in-1", ()),)),
    Dag("in-2", (Node("train", ()), Node("other", ()))),
    Dag("main", (Node("out-1", ()), Node("in-2", (Edge("out-1"),)))),
]


def test_a_task_beside_the_other_takes_from_it() -> None:
    routes = routes_of([ONE], {"train": [ROWS]})
    assert routes.keys == {ROWS: "load_rows"}
    assert routes.dags["main"] == ({}, {}, {"train": {"load_rows": Origin("load", "rows")}})


def test_what_is_taken_goes_out_of_dags_and_into_others() -> None:
    routes = routes_of(NESTED, {"train": [ROWS], "other": [ROWS]})
    handed_on, given_on = Origin("in-1", "load_rows"), Origin(None, "load_rows")
    assert routes.dags["in-1"] == ({}, {"load_rows": Origin("load", "rows")}, {})
    assert routes.dags["out-1"] == ({}, {"load_rows": handed_on}, {})
    arguments = {"train": {"load_rows": given_on}, "other": {"load_rows": given_on}}
    assert routes.dags["in-2"] == ({"load_rows": None}, {}, arguments)
    assert routes.dags["main"] == ({}, {}, {"in-2": {"load_rows": Origin("out-1", "load_rows")}})


def test_keys_are_legal_short_and_differ() -> None:
    long = "x" * 63
    handed = [Handed("a-b", "c"), Handed("a", "B-c"), Handed("a", "b_c"), Handed("a", "b-c_2")]
    handed += [Handed(long, "one"), Handed(long, "two")]
    dag = Dag("main", (*(Node(one.leaf, ()) for one in dict.fromkeys(handed)), Node("z", ())))
    keys = routes_of([dag], {"z": handed}).keys
    assert [keys[one] for one in handed[:4]] == ["a_b_c", "a_b_c_2", "a_b_c_3", "a_b_c_2_2"]
    assert len(set(keys.values())) == len(handed)
    assert all(re.fullmatch("[a-z0-9]+(_[a-z0-9]+)+|x+(_2)?", key) for key in keys.values())
    assert max(map(len, keys.values())) < MAX_KEY + 5


@st.composite
def nested(draw: st.DrawFn) -> tuple[list[Dag], Takes]:
    """DAGs in DAGs over leaves, each of which takes something of some that come before it."""
    count = draw(st.integers(2, 14))
    nodes = [f"leaf-{number}" for number in range(count)]
    takes = {
        f"leaf-{number}": [
            Handed(f"leaf-{draw(st.integers(0, number - 1))}", draw(st.sampled_from("ab")))
            for _ in range(draw(st.integers(0, 3)))
        ]
        for number in range(1, count)
    }
    dags: list[Dag] = []
    while len(nodes) > 1 and draw(st.integers(0, 5)):
        start = draw(st.integers(0, len(nodes) - 1))
        end = draw(st.integers(start + 1, len(nodes)))
        dags.append(Dag(f"dag-{len(dags)}", tuple(Node(name, ()) for name in nodes[start:end])))
        nodes[start:end] = [dags[-1].name]
    return [*dags, Dag("main", tuple(Node(name, ()) for name in nodes))], takes


def source(dags: Sequence[Dag], routes: Routes, node: str, key: str) -> Handed:
    """What a node is given by this key, found as an engine finds it: from one DAG to the next."""
    [home] = [dag for dag in dags if any(each.name == node for each in dag.nodes)]
    origin = routes.dags[home.name].arguments[node][key]
    if origin.node is None:
        assert origin.key in routes.dags[home.name].inputs
        return source(dags, routes, home.name, origin.key)
    return made(dags, routes, home, origin)


def made(dags: Sequence[Dag], routes: Routes, home: Dag, origin: Origin) -> Handed:
    """What is behind an output of a node in a DAG."""
    assert origin.node in [node.name for node in home.nodes]
    for dag in dags:
        if dag.name == origin.node:
            return made(dags, routes, dag, routes.dags[dag.name].outputs[origin.key])
    return Handed(str(origin.node), origin.key)


@settings(max_examples=300, deadline=None)
@given(nested())
def test_every_argument_comes_from_what_made_it(case: tuple[list[Dag], Takes]) -> None:
    dags, takes = case
    routes = routes_of(dags, takes)
    for leaf, taken in takes.items():
        for one in taken:
            assert source(dags, routes, leaf, routes.keys[one]) == one
            assert routes.handed[routes.keys[one]] == one
    event(f"{len(dags)} DAGs")


@settings(max_examples=300, deadline=None)
@given(nested())
def test_nothing_is_said_that_nobody_takes(case: tuple[list[Dag], Takes]) -> None:
    """Each input of a DAG is an argument of it, and of a node in it; each output is taken further out."""
    dags, takes = case
    routes = routes_of(dags, takes)
    names = {dag.name for dag in dags}
    for dag in dags:
        route = routes.dags[dag.name]
        given_on = {
            origin.key for given in route.arguments.values() for origin in given.values() if not origin.node
        }
        assert set(route.inputs) == given_on
        taken_out = {(o.node, o.key) for given in route.arguments.values() for o in given.values()}
        taken_out |= {(origin.node, origin.key) for origin in route.outputs.values()}
        for node in dag.nodes:
            if node.name in names:
                assert set(route.arguments.get(node.name, {})) == set(routes.dags[node.name].inputs)
                assert {(node.name, key) for key in routes.dags[node.name].outputs} <= taken_out


def test_ways_through_the_dags_of_five_thousand_steps_are_found_at_once() -> None:
    first = [job(f"a-{number}") for number in range(2500)]
    second = [job(f"b-{number}", "stage/a") for number in range(2500)]
    wanted = workflow([*first, barrier("stage/a", *(task.name for task in first)), *second])
    shape = shape_of(wanted, {task.name: task.name for task in wanted.tasks}, TaskNames())
    takes = {f"b-{number}": [Handed(f"a-{number}", "rows")] for number in range(2500)}
    routes = routes_of(shape.dags, takes)
    assert source(shape.dags, routes, "b-2499", "a_2499_rows") == Handed("a-2499", "rows")
