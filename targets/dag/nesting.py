"""The shape of the graph: one flat DAG where it stays readable, a DAG for each group where it would not."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from automl.compiler.ir import TaskGroup
from automl.targets.dag.names import TaskNames

MAX_ITEMS = 200
"""The most nodes of a DAG, and of templates in one object: Argo's full CRDs enforce it, `argo lint` does not."""
MAX_FLAT_EDGES = 600  # written out, every edge takes some 30 characters


class Node(NamedTuple):
    """A part of a DAG: what it runs is the task or the DAG of the same name."""

    name: str
    after: tuple[str, ...]


class Dag(NamedTuple):
    """Nodes, in an order in which each follows those it waits for."""

    name: str
    nodes: tuple[Node, ...]


def dags_of(groups: Sequence[TaskGroup], leaves: Mapping[str, str], names: TaskNames) -> list[Dag]:
    """The DAGs over the tasks, each after those in it, the whole last. `leaves`: name of a task to its node."""
    if _is_small(groups):
        return [Dag(names.take("main"), tuple(_flat(groups, leaves)))]
    dags: list[Dag] = []
    nodes, names_of_groups = [], {}
    for group in groups:
        members = [Node(leaves[task.name], ()) for task in group.tasks]
        names_of_groups[group.name] = _nest(f"stage-{group.name}", members, names, dags)
        after = tuple(names_of_groups[name] for name in group.after)
        nodes.append(Node(names_of_groups[group.name], after))
    dags.append(Dag(names.take("main"), tuple(_in_sequence(nodes, names, dags))))
    return dags


def _is_small(groups: Sequence[TaskGroup]) -> bool:
    sizes = {group.name: len(group.tasks) for group in groups}
    edges = sum(len(group.tasks) * sizes[name] for group in groups for name in group.after)
    return sum(sizes.values()) <= MAX_ITEMS and edges <= MAX_FLAT_EDGES


def _flat(groups: Sequence[TaskGroup], leaves: Mapping[str, str]) -> list[Node]:
    members = {group.name: tuple(leaves[task.name] for task in group.tasks) for group in groups}
    return [
        Node(leaf, tuple(before for name in group.after for before in members[name]))
        for group in groups
        for leaf in members[group.name]
    ]


def _nest(name: str, members: list[Node], names: TaskNames, dags: list[Dag]) -> str:
    """The DAG that runs the members side by side: the only one itself, or DAGs of at most 200."""
    if len(members) == 1:
        return members[0].name
    while len(members) > MAX_ITEMS:
        members = [_part(name, part, names, dags) for part in _chunks(members)]
    own = names.take(name)
    dags.append(Dag(own, tuple(members)))
    return own


def _in_sequence(nodes: list[Node], names: TaskNames, dags: list[Dag]) -> list[Node]:
    """At most 200 nodes. Groups come in an order in which each follows those it waits for, so parts of that
    order, one after the other, keep every edge."""
    while len(nodes) > MAX_ITEMS:
        parts: list[Node] = []
        for chunk in _chunks(nodes):
            inside = {node.name for node in chunk}
            kept = [Node(node.name, tuple(name for name in node.after if name in inside)) for node in chunk]
            part = _part("part", kept, names, dags)
            parts.append(Node(part.name, (parts[-1].name,) if parts else ()))
        nodes = parts
    return nodes


def _part(name: str, members: list[Node], names: TaskNames, dags: list[Dag]) -> Node:
    own = names.take(f"{name}-part")
    dags.append(Dag(own, tuple(members)))
    return Node(own, ())


def _chunks(nodes: list[Node]) -> list[list[Node]]:
    return [nodes[start : start + MAX_ITEMS] for start in range(0, len(nodes), MAX_ITEMS)]
