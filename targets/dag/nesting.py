"""The shape of the graph: one flat DAG where it stays readable, a DAG for each stage where it would not."""

from collections.abc import Mapping, Sequence

from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.graph import conditional, count_without_barriers, upstream, without_barriers
from automl.compiler.ir import Edge, Task, Workflow
from automl.compiler.records import NamedTuple
from automl.targets.dag.names import TaskNames
from automl.targets.dag.shapes import Dag, Node

MAX_ITEMS = 200
"""The most nodes of a DAG, and of templates in one object: Argo's full CRDs enforce it, `argo lint` does not."""
MAX_FLAT_EDGES = 600  # written out, every edge takes some 30 characters
_MOST_RELATED = 3


class Shape(NamedTuple):
    """DAGs, each after those in it, the whole last. They say all that the edges say if there is no diagnostic."""

    dags: list[Dag]
    diagnostics: list[Diagnostic]


def shape_of(
    workflow: Workflow, leaves: Mapping[str, str], names: TaskNames, *, by_stage: bool = False
) -> Shape:
    """The DAGs over the tasks of a workflow. `leaves`: name of a task to its node.

    `by_stage`: each stage is a DAG also where one DAG could hold all of them, unless an edge would be lost.
    """
    fits = len(workflow.tasks) <= MAX_ITEMS
    if fits and not by_stage and count_without_barriers(workflow.nodes) <= MAX_FLAT_EDGES:
        return Shape([_flat(workflow, leaves, names)], [])
    dags = _nested(workflow, leaves, names, by_stage)
    lost = _not_kept(workflow, leaves, dags)
    if lost and fits:
        return Shape([_flat(workflow, leaves, names)], [])
    return Shape(dags, [_not_said(lost)] if lost else [])


def _flat(workflow: Workflow, leaves: Mapping[str, str], names: TaskNames) -> Dag:
    nodes = tuple(_named(Node(*item), leaves) for item in without_barriers(workflow.nodes).items())
    return Dag(names.take("main"), nodes)


def _named(node: Node, names: Mapping[str, str]) -> Node:
    """The node, and those that it comes after, by other names."""
    return Node(names[node.name], tuple(Edge(names[edge.node], edge.on) for edge in node.after))


def _nested(workflow: Workflow, leaves: Mapping[str, str], names: TaskNames, by_stage: bool) -> list[Dag]:
    from automl.targets.dag.blocks import blocks_of

    dags: list[Dag] = []
    nodes: list[Node] = []
    named: dict[str, str] = {}
    for block in blocks_of(workflow.nodes):
        members = [_named(member, leaves) for member in block.members]
        if len(members) == 1 and not (by_stage and block.is_stage):
            named[block.name] = members[0].name
        else:
            named[block.name] = _nest(block.name.replace("/", "-"), members, names, dags)
        after = tuple(Edge(named[edge.node]) for edge in block.after if edge.node in named)
        nodes.append(Node(named[block.name], after))
    dags.append(Dag(names.take("main"), tuple(_in_sequence(nodes, names, dags))))
    return dags


def _nest(name: str, members: list[Node], names: TaskNames, dags: list[Dag]) -> str:
    """The DAG that runs the members, or DAGs of at most 200 of them, side by side."""
    while len(members) > MAX_ITEMS:
        members = [_part(name, part, names, dags) for part in _chunks(members)]
    own = names.take(name)
    dags.append(Dag(own, tuple(members)))
    return own


def _in_sequence(nodes: list[Node], names: TaskNames, dags: list[Dag]) -> list[Node]:
    """At most 200 nodes: parts of their order, one after the other, keep every edge."""
    while len(nodes) > MAX_ITEMS:
        parts: list[Node] = []
        for chunk in _chunks(nodes):
            part = _part("part", chunk, names, dags)
            parts.append(Node(part.name, (Edge(parts[-1].name),) if parts else ()))
        nodes = parts
    return nodes


def _part(name: str, members: list[Node], names: TaskNames, dags: list[Dag]) -> Node:
    """A node for a DAG of the members, with the edges among them."""
    own, inside = names.take(f"{name}-part"), {node.name for node in members}
    kept = (Node(node.name, tuple(edge for edge in node.after if edge.node in inside)) for node in members)
    dags.append(Dag(own, tuple(kept)))
    return Node(own, ())


def _chunks(nodes: list[Node]) -> list[list[Node]]:
    return [nodes[start : start + MAX_ITEMS] for start in range(0, len(nodes), MAX_ITEMS)]


def _not_kept(workflow: Workflow, leaves: Mapping[str, str], dags: Sequence[Dag]) -> list[Task]:
    """The tasks that come after others in nested DAGs than in the graph, and of their followers none."""
    bits = {leaves[node.name]: 1 << place for place, node in enumerate(workflow.nodes) if node.name in leaves}
    of_tasks, wanted, nested = sum(bits.values()), upstream(workflow.nodes), _before(dags, bits)
    on_conditions = conditional(workflow.nodes)  # which nested DAGs say of nothing
    lost: list[Task] = []
    bits_of_lost = 0
    for task in workflow.tasks:
        before, leaf = wanted[task.name] & of_tasks, leaves[task.name]
        is_kept = nested[leaf] == before and task.name not in on_conditions
        if not is_kept and not before & bits_of_lost:
            lost.append(task)
            bits_of_lost |= bits[leaf]
    return lost


def _before(dags: Sequence[Dag], bits: Mapping[str, int]) -> dict[str, int]:
    """The leaves that have ended when one starts, as sets of bits."""
    within = dict(bits)  # each node
    for dag in dags:
        within[dag.name] = 0
        for node in dag.nodes:
            within[dag.name] |= within[node.name]
    before: dict[str, int] = {dags[-1].name: 0}
    for dag in reversed(dags):
        local: dict[str, int] = {}
        for node in dag.nodes:
            local[node.name] = 0
            for edge in node.after:
                local[node.name] |= local[edge.node] | within[edge.node]
            before[node.name] = before[dag.name] | local[node.name]
    return before


def _not_said(lost: Sequence[Task]) -> Diagnostic:
    """It is the size of the workflow that forbids it, so it is said once, at the first of them."""
    first, *others = lost
    who = f'"{first.step}" and {len(others)} more wait' if others else f'"{first.step}" waits'
    message = (
        f"{who} for a part of a stage, or for something else than the rest of the stage: in a workflow of more than "
        f"{MAX_ITEMS} steps each stage is a DAG of its own, and nothing in one DAG can wait for a part of another"
    )
    related = tuple(Related(f'"{task.step}" is one of them', task.span) for task in others[:_MOST_RELATED])
    help = "let each wait for whole stages, as the rest of its stage does, or make several workflows of it"
    return Diagnostic(Code.CANNOT_SAY, message, first.span, help, related)
