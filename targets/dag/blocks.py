"""Tasks that are one DAG where the graph is nested: those that a barrier waits for, which start together."""

from collections import Counter
from collections.abc import Mapping, Sequence

from automl.compiler.graph import circle, in_order
from automl.compiler.ir import Barrier, Edge, Task
from automl.compiler.ir import Node as GraphNode
from automl.compiler.records import NamedTuple
from automl.targets.dag.shapes import Node


class Block(NamedTuple):
    """The name is that of the barrier, or of the task that no barrier waits for."""

    name: str
    after: tuple[Edge, ...]  # to blocks
    members: tuple[Node, ...]  # with the edges among them

    @property
    def is_stage(self) -> bool:
        """Whether a barrier waits for its members."""
        return self.name not in {member.name for member in self.members}


def blocks_of(nodes: Sequence[GraphNode]) -> list[Block]:
    """The blocks, each after those it comes after, unless they come after each other.

    An edge that they cannot say is not there: `kept` of `nesting` finds the tasks that it was of.
    """
    homes = _homes(nodes)
    tasks: dict[str, list[Task]] = {}
    for node in nodes:
        if not isinstance(node, Barrier):
            tasks.setdefault(homes[node.name], []).append(node)
    ends = _ends(nodes, homes)
    blocks = [_block(name, members, ends) for name, members in tasks.items()]
    return blocks if circle(blocks) else in_order(blocks)


def _homes(nodes: Sequence[GraphNode]) -> dict[str, str]:
    """The block of each task: of the first barrier that waits for it, or one of its own."""
    homes = {node.name: node.name for node in nodes if not isinstance(node, Barrier)}
    for node in nodes:
        for edge in node.after if isinstance(node, Barrier) else ():
            if homes.get(edge.node) == edge.node:
                homes[edge.node] = node.name
    return homes


def _ends(nodes: Sequence[GraphNode], homes: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The blocks that have ended when a node has."""
    ends: dict[str, tuple[str, ...]] = {name: (home,) for name, home in homes.items()}
    for node in nodes:
        if isinstance(node, Barrier):
            ends[node.name] = tuple(dict.fromkeys(home for edge in node.after for home in ends[edge.node]))
    return ends


def _block(name: str, tasks: Sequence[Task], ends: Mapping[str, tuple[str, ...]]) -> Block:
    """What most of its tasks come after, each by itself or by another of them, the block comes after."""
    inside = {task.name for task in tasks}
    before: dict[str, frozenset[str]] = {}
    for task in tasks:
        others = [before[edge.node] if edge.node in inside else ends[edge.node] for edge in task.after]
        before[task.name] = frozenset().union(*others) - {name}
    [(most, _)] = Counter(before.values()).most_common(1)
    order = dict.fromkeys(home for task in tasks for edge in task.after for home in ends[edge.node])
    members = (Node(task.name, tuple(edge for edge in task.after if edge.node in inside)) for task in tasks)
    return Block(name, tuple(Edge(home) for home in order if home in most), tuple(members))
