"""The order of nodes: which comes first, what is upstream of what, circles, and edges without barriers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import Protocol, TypeVar

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Barrier, Edge, On, Workflow


class Node(Protocol):
    """What has a name of its own, and starts when all its edges hold."""

    @property
    def name(self) -> str:
        """No other node has it."""

    @property
    def after(self) -> tuple[Edge, ...]:
        """Edges to the nodes that it comes after."""


N = TypeVar("N", bound=Node)


def in_order(nodes: Sequence[N]) -> list[N]:
    """The nodes, each after those that it comes after, and otherwise as they stand. ValueError if there is a circle."""
    ordered = _startable(nodes)
    if len(ordered) < len(nodes):
        raise ValueError(f"each comes after the next: {', '.join(node.name for node in circle(nodes))}")
    return ordered


def circle(nodes: Sequence[N]) -> list[N]:
    """Nodes of which each comes after the next, and the last after the first; none if there is no circle."""
    startable = {node.name for node in _startable(nodes)}
    stuck = {node.name: node for node in nodes if node.name not in startable}
    path: dict[str, N] = {}
    name = next(iter(stuck), None)
    while name is not None and name not in path:
        path[name] = stuck[name]
        name = next(edge.node for edge in stuck[name].after if edge.node in stuck)
    names = list(path)
    return [path[member] for member in names[names.index(name) :]] if name is not None else []


def _startable(nodes: Sequence[N]) -> list[N]:
    """The nodes in the order in which they can start, the first of them first; without those that never can."""
    places = {node.name: place for place, node in enumerate(nodes)}
    before = [{places[edge.node] for edge in node.after} for node in nodes]
    followers: list[list[int]] = [[] for _ in nodes]
    for place, others in enumerate(before):
        for other in others:
            followers[other].append(place)
    waiting = [len(others) for others in before]
    ready = [place for place, count in enumerate(waiting) if not count]
    heapify(ready)
    ordered = []
    while ready:
        place = heappop(ready)
        ordered.append(nodes[place])
        for follower in followers[place]:
            waiting[follower] -= 1
            if not waiting[follower]:
                heappush(ready, follower)
    return ordered


def upstream(ordered: Iterable[Node]) -> dict[str, int]:
    """All that comes before each node, however far: a set of bits, of which bit n is the nth of the nodes in order.

    So a set of ten thousand takes little more than a kilobyte, and is made of two others at once.
    """
    bits: dict[str, int] = {}
    before: dict[str, int] = {}
    for place, node in enumerate(ordered):
        bits[node.name] = 1 << place
        before[node.name] = 0
        for edge in node.after:
            before[node.name] |= before[edge.node] | bits[edge.node]
    return before


def without_barriers(ordered: Iterable[Node]) -> dict[str, tuple[Edge, ...]]:
    """The edges of each node, straight to what runs: an edge to a barrier is as the edges that the barrier has."""
    barriers: dict[str, tuple[Edge, ...]] = {}
    edges: dict[str, tuple[Edge, ...]] = {}
    for node in ordered:
        straight = tuple(dict.fromkeys(one for edge in node.after for one in _straight(edge, barriers)))
        (barriers if isinstance(node, Barrier) else edges)[node.name] = straight
    return edges


def _straight(edge: Edge, barriers: Mapping[str, tuple[Edge, ...]]) -> tuple[Edge, ...]:
    if edge.node not in barriers:
        return (edge,)
    if edge.on is On.SUCCEEDED:
        return barriers[edge.node]
    if edge.on is On.ENDED:
        return tuple(Edge(one.node, On.ENDED) for one in barriers[edge.node])
    raise ValueError(f"{edge.node}: nothing comes after the failure of a barrier, which is one of many")


def count_without_barriers(ordered: Iterable[Node]) -> int:
    """How many edges there are without barriers, where no two ways lead to the same; it takes no time to know."""
    widths: dict[str, int] = {}
    total = 0
    for node in ordered:
        width = sum(widths.get(edge.node, 1) for edge in node.after)
        if isinstance(node, Barrier):
            widths[node.name] = width
        else:
            total += width
    return total


def conditional(ordered: Iterable[Node]) -> set[str]:
    """The tasks that do not come after successes alone, straight or by a barrier."""
    names: set[str] = set()
    barriers: set[str] = set()
    for node in ordered:
        if any(edge.on is not On.SUCCEEDED or edge.node in barriers for edge in node.after):
            (barriers if isinstance(node, Barrier) else names).add(node.name)
    return names


def only_successes(workflow: Workflow, engine: str) -> Iterator[Diagnostic]:
    """The tasks that may come after a failure, for an engine that starts nothing then."""
    names = conditional(workflow.nodes)
    for task in workflow.tasks:
        if task.name in names:
            message = f'{engine} cannot start "{task.step}" when something before it has failed'
            yield Diagnostic(Code.CANNOT_SAY, message, task.span, "let it come after what succeeds")
