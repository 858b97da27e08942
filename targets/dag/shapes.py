"""What a graph is made of for engines that nest: nodes, and the DAGs that they are in."""

from automl.compiler.ir import Edge
from automl.compiler.records import NamedTuple


class Node(NamedTuple):
    """A part of a DAG: what it runs is the task or the DAG of the same name."""

    name: str
    after: tuple[Edge, ...]


class Dag(NamedTuple):
    """Nodes, in an order in which each follows those it waits for."""

    name: str
    nodes: tuple[Node, ...]
