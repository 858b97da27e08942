"""The shape of graphs that no config makes yet: nested DAGs say what the edges say, or there is an error."""

from collections.abc import Sequence
from unittest.mock import patch

from hypothesis import event, given, settings
from hypothesis import strategies as st

from automl.compiler.diagnostics import Code
from automl.compiler.graph import without_barriers
from automl.compiler.ir import Barrier, Edge, Node, On
from automl.targets.dag import nesting
from automl.targets.dag.names import TaskNames
from automl.targets.dag.nesting import Shape, shape_of
from tests.by_hand import barrier, graphs, job, workflow

_SOME = settings(max_examples=300, deadline=None)
LEAF = "leaf-"


def shaped(nodes: Sequence[Node], most_items: int, most_edges: int) -> Shape:
    """The shape for an engine with such limits."""
    wanted = workflow(nodes)
    leaves = {task.name: LEAF + task.name for task in wanted.tasks}
    with patch.multiple(nesting, MAX_ITEMS=most_items, MAX_FLAT_EDGES=most_edges):
        return shape_of(wanted, leaves, TaskNames())


def run(shape: Shape) -> dict[str, set[str]]:
    """For each task those that have ended when it starts, as an engine has it that knows DAGs and nothing else."""
    dags = {dag.name: dag for dag in shape.dags}
    before: dict[str, set[str]] = {}

    def start(name: str, ended: set[str]) -> set[str]:
        if name not in dags:
            assert name not in before, "it runs twice"
            before[name] = ended
            return {name}
        done: dict[str, set[str]] = {}  # by each node: what has ended when it has, the DAG's own alone
        ran: set[str] = set()
        for node in dags[name].nodes:
            waited = set().union(*(done[edge.node] for edge in node.after))
            own = start(node.name, ended | waited)
            done[node.name] = waited | own
            ran |= own
        return ran

    start(shape.dags[-1].name, set())
    return {
        name.removeprefix(LEAF): {other.removeprefix(LEAF) for other in others}
        for name, others in before.items()
    }


def wanted(nodes: Sequence[Node]) -> dict[str, set[str]]:
    """The same of the graph itself."""
    before: dict[str, set[str]] = {}
    for node in nodes:
        before[node.name] = set().union(*({edge.node} | before[edge.node] for edge in node.after))
    barriers = {node.name for node in nodes if isinstance(node, Barrier)}
    return {name: others - barriers for name, others in before.items() if name not in barriers}


@st.composite
def stages(draw: st.DrawFn, needs: bool) -> list[Node]:
    """Stages one after the other, as lowering makes them; with `needs` some steps wait for something else."""
    nodes: list[Node] = []
    last: list[str] = []
    for number in range(draw(st.integers(1, 7))):
        own: list[str] = []
        for step in range(draw(st.integers(1, 5))):
            after = last
            if needs and draw(st.integers(0, 5)) == 0:
                others = [node.name for node in nodes]
                after = draw(st.lists(st.sampled_from(others), max_size=2, unique=True)) if others else []
            nodes.append(job(f"s{number}-{step}", *after))
            own.append(f"s{number}-{step}")
        nodes.append(barrier(f"stage/{number}", *own))
        last = [f"stage/{number}"]
    return nodes


@_SOME
@given(stages(needs=False), st.integers(2, 4), st.integers(0, 9))
def test_stages_are_always_kept(nodes: list[Node], most_items: int, most_edges: int) -> None:
    shape = shaped(nodes, most_items, most_edges)
    assert shape.diagnostics == []
    assert run(shape) == wanted(nodes)
    assert all(len(dag.nodes) <= most_items for dag in shape.dags)


@_SOME
@given(stages(needs=True) | graphs(), st.integers(2, 6), st.integers(0, 9))
def test_any_graph_is_kept_or_refused(nodes: list[Node], most_items: int, most_edges: int) -> None:
    shape = shaped(nodes, most_items, most_edges)
    event(f"{(len(shape.dags) > 1 and 'nested') or 'flat'}, {(shape.diagnostics and 'refused') or 'kept'}")
    if shape.diagnostics:
        assert len(wanted(nodes)) > most_items, "as a flat DAG it would be kept"
        assert {diagnostic.code for diagnostic in shape.diagnostics} == {Code.CANNOT_SAY}
    else:
        assert run(shape) == wanted(nodes)
        assert all(len(dag.nodes) <= most_items for dag in shape.dags)


@_SOME
@given(graphs(conditions=list(On)), st.integers(2, 12))
def test_a_condition_is_kept_or_refused(nodes: list[Node], most_items: int) -> None:
    shape = shaped(nodes, most_items, 10_000)
    edges = without_barriers(nodes)
    event(f"{(len(shape.dags) > 1 and 'nested') or 'flat'}, {(shape.diagnostics and 'refused') or 'kept'}")
    if len(edges) <= most_items:
        [dag] = shape.dags
        assert {
            name: tuple(Edge(edge.node.removeprefix(LEAF), edge.on) for edge in after)
            for name, after in dag.nodes
        } == {LEAF + name: after for name, after in edges.items()}
    elif any(edge.on is not On.SUCCEEDED for after in edges.values() for edge in after):
        assert shape.diagnostics


def chain(*lengths: int) -> list[Node]:
    """Stages of so many steps."""
    nodes: list[Node] = []
    for number, length in enumerate(lengths):
        before = [f"stage/{number - 1}"] if number else []
        nodes += [job(f"s{number}-{step}", *before) for step in range(length)]
        nodes.append(barrier(f"stage/{number}", *(f"s{number}-{step}" for step in range(length))))
    return nodes


def test_an_edge_into_another_stage_is_refused_where_it_stands() -> None:
    nodes = chain(3, 3)
    nodes[5] = job("s1-1", "s0-0")  # it would have to wait for a part of what is a DAG of its own
    shape = shaped([*nodes, job("last", "stage/1")], 3, 99)
    assert [diagnostic.message.split(": ")[0] for diagnostic in shape.diagnostics] == [
        '"s1-1" waits for a part of a stage, or for something else than the rest of the stage'
    ]
    assert shaped([*nodes, job("last", "stage/1")], 7, 99).diagnostics == []


def test_edges_that_one_size_forbids_are_one_finding() -> None:
    nodes = [*chain(6), *(job(f"t{number}", f"s0-{number}") for number in range(6))]
    nodes.append(barrier("stage/1", *(f"t{number}" for number in range(6))))
    [diagnostic] = shaped(nodes, 6, 99).diagnostics
    assert diagnostic.message.startswith('"t0" and 5 more wait for a part of a stage')
    assert [related.message for related in diagnostic.related] == [
        '"t1" is one of them',
        '"t2" is one of them',
        '"t3" is one of them',
    ]


def test_an_edge_within_a_stage_is_kept_in_its_dag() -> None:
    nodes = chain(3, 3)
    nodes[5] = job("s1-1", "s1-0")
    shape = shaped(nodes, 5, 99)
    assert shape.diagnostics == []
    assert [dag.name for dag in shape.dags] == ["stage-0", "stage-1", "main"]
    assert shape.dags[1].nodes[1] == (LEAF + "s1-1", (Edge(LEAF + "s1-0"),))


def test_a_stage_that_waits_for_nothing_runs_beside_the_others() -> None:
    nodes = [*chain(3), job("b0"), job("b1"), job("b2"), barrier("stage/b", "b0", "b1", "b2")]
    shape = shaped([*nodes, job("end", "stage/0", "stage/b")], 4, 99)
    assert shape.diagnostics == []
    assert shape.dags[-1].nodes == (
        ("stage-0", ()),
        ("stage-b", ()),
        (LEAF + "end", (Edge("stage-0"), Edge("stage-b"))),
    )
