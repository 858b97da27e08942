"""How what a task takes of another gets there through nested DAGs: out of those around the one, into those around the other."""

from collections.abc import Iterable, Mapping, Sequence

from automl.compiler.patterns import regex
from automl.compiler.records import NamedTuple
from automl.targets.dag.shapes import Dag

MAX_KEY = 60
_NOT_IN_KEY = regex("[^a-z0-9]+")


class Handed(NamedTuple):
    """An output of a leaf that others take."""

    leaf: str
    output: str


class Origin(NamedTuple):
    """Where something is to be had in a DAG: the output `key` of a node in it, or (`node` None) an input of its own."""

    node: str | None
    key: str


class Route(NamedTuple):
    """What goes into a DAG, what comes out of it, and what each of its nodes is given, by keys."""

    inputs: dict[str, None]
    outputs: dict[str, Origin]
    arguments: dict[str, dict[str, Origin]]


class Routes(NamedTuple):
    """The ways of all that is taken. A key names the same in all DAGs, and is the input of each leaf that takes it."""

    handed: Mapping[str, Handed]
    keys: Mapping[Handed, str]
    dags: Mapping[str, Route]


def routes_of(dags: Sequence[Dag], takes: Mapping[str, Iterable[Handed]]) -> Routes:
    """The ways through DAGs, of which the last is the whole. `takes`: leaf to what it takes of others.

    What a leaf leaves behind is known by its own name there, `Handed.output`, and by the key everywhere else.
    """
    keys = _keys(one for taken in takes.values() for one in taken)
    homes = {node.name: dag.name for dag in dags for node in dag.nodes}
    routes = {dag.name: Route({}, {}, {}) for dag in dags}
    for leaf, taken in takes.items():
        for one in taken:
            _lead(leaf, one, keys[one], homes, routes)
    return Routes({key: one for one, key in keys.items()}, keys, routes)


def _lead(leaf: str, handed: Handed, key: str, homes: Mapping[str, str], routes: Mapping[str, Route]) -> None:
    """Note the way to a leaf, in every DAG that it touches."""
    around = _around(handed.leaf, homes)
    node = leaf
    while (home := homes[node]) not in around:
        routes[home].arguments.setdefault(node, {})[key] = Origin(None, key)
        if key in routes[home].inputs:
            return
        routes[home].inputs[key] = None
        node = home
    origin = _brought_out(handed, key, around[: around.index(home)], routes)
    routes[home].arguments.setdefault(node, {})[key] = origin


def _brought_out(handed: Handed, key: str, around: Sequence[str], routes: Mapping[str, Route]) -> Origin:
    """Where something is to be had beside the last of the DAGs that lie around it."""
    origin = Origin(handed.leaf, handed.output)
    for dag in around:
        routes[dag].outputs[key] = origin
        origin = Origin(dag, key)
    return origin


def _around(node: str, homes: Mapping[str, str]) -> list[str]:
    """The DAGs around a node, from the inside out."""
    around = []
    while node in homes:
        node = homes[node]
        around.append(node)
    return around


def _keys(handed: Iterable[Handed]) -> dict[Handed, str]:
    """A key for each, of letters, digits and `_`; none is one word."""
    keys: dict[Handed, str] = {}
    taken: set[str] = set()
    for one in handed:
        if one not in keys:
            keys[one] = _free(f"{_word(one.leaf)}_{_word(one.output)}"[:MAX_KEY], taken)
            taken.add(keys[one])
    return keys


def _word(name: str) -> str:
    return _NOT_IN_KEY.sub("_", name.lower())


def _free(base: str, taken: set[str]) -> str:
    """The base, or the first that is free when numbers are put behind it."""
    key, number = base, 1
    while key in taken:
        number += 1
        key = f"{base}_{number}"
    return key
