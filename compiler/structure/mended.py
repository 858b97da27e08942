"""A tree without what its schema refuses, so that the values of the other keys are looked at in the same run."""

from typing import Any

from automl.compiler.diagnostics import MOST_FOUND
from automl.compiler.structure.misfits import Misfit, misfits
from automl.compiler.tree.nodes import Entry, Mapping, Node, Scalar, Sequence
from automl.compiler.tree.stages import Path, place_of
from automl.schemas import schema

_ROUNDS = 4  # what is taken away may be missing then, and what is empty then is taken away


class _Changes:
    """What is to be done at a node and below it."""

    def __init__(self) -> None:
        self.drop = False
        self.add: dict[str, Any] = {}
        self.below: dict[str | int, _Changes] = {}


def mended(root: Mapping) -> Mapping | None:
    """The tree without its misfits, and with examples for what is missing; None if it cannot be had.

    It does not mean what was written: a key or an item may be gone. Only values may be judged by it.
    """
    for _ in range(_ROUNDS):
        wrong = misfits(root, schema)
        if not wrong:
            return root
        node = _rebuilt(root, _changes(wrong)) if len(wrong) <= MOST_FOUND else None
        if not isinstance(node, Mapping):
            return None
        root = node
    return None


def _changes(wrong: list[Misfit]) -> _Changes:
    top = _Changes()
    for misfit in wrong:
        if item := _item(misfit.path):
            _at(top, item).drop = True
        elif misfit.keyword == "required":
            example = misfit.at.get("properties", {}).get(misfit.names[0], {}).get("examples", ["x"])[0]
            _at(top, misfit.path).add[misfit.names[0]] = "x" if isinstance(example, dict | list) else example
        elif misfit.keyword == "additionalProperties":
            for name in misfit.names:
                _at(top, [*misfit.path, name]).drop = True
        else:
            _at(top, misfit.path).drop = True
    return top


def _item(path: Path) -> Path | None:
    """The item of a list of a step that a path leads into: without one of its keys the others may mean something else."""
    place = place_of(path)
    keys = path[1:] if path[:1] == ["defaults"] else place.keys if place else []
    first = next((at for at, part in enumerate(keys) if isinstance(part, int)), None)
    return None if first is None else path[: len(path) - len(keys) + first + 1]


def _at(changes: _Changes, path: Path) -> _Changes:
    for part in path:
        changes = changes.below.setdefault(part, _Changes())
    return changes


def _rebuilt(node: Node, changes: _Changes | None) -> Node | None:
    if changes is None:
        return node
    if changes.drop:
        return None
    if isinstance(node, Sequence):
        items = [_rebuilt(item, changes.below.get(index)) for index, item in enumerate(node.items)]
        return Sequence(node.span, [item for item in items if item is not None])
    if isinstance(node, Scalar):
        return node
    entries: dict[str, Entry] = {}
    for name, entry in node.entries.items():
        value = _rebuilt(entry.value, changes.below.get(name))
        if value is not None:
            entries[name] = Entry(entry.key, value)
    for name, example in changes.add.items():
        entries[name] = Entry(Scalar(name, name, node.span), Scalar(str(example), example, node.span))
    return Mapping(node.span, entries)
