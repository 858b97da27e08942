"""What is written for single targets: that of a step over that of the run."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from automl.compiler.ir import Option, TargetOptions
from automl.compiler.source import Span
from automl.compiler.tree.layers import merge
from automl.compiler.tree.nodes import Mapping as Keys
from automl.compiler.tree.nodes import Node, Scalar


class OptionsOfTargets:
    """Those of a workflow. Many steps may have the same ones, by `defaults`: they are read once."""

    def __init__(self, of_run: Keys | None) -> None:
        self._of_run = of_run
        self.of_run = _by_target(of_run)
        self._read: dict[int, tuple[Keys, Mapping[str, TargetOptions]]] = {}

    def of_step(self, written: Keys | None) -> Mapping[str, TargetOptions]:
        """Those of a step, by target."""
        if written is None:
            return self.of_run
        if id(written) not in self._read:
            merged = merge(self._of_run, written) if self._of_run else written
            self._read[id(written)] = written, _by_target(merged)
        return self._read[id(written)][1]


def _by_target(written: Keys | None) -> Mapping[str, TargetOptions]:
    if written is None:
        return MappingProxyType({})
    return MappingProxyType({name: _options(keys) for name, keys in _own(written)})


def _own(keys: Keys) -> Iterator[tuple[str, Node]]:
    """The keys and their values, without the notes."""
    return ((name, entry.value) for name, entry in keys.entries.items() if not name.startswith("x-"))


def _options(keys: Node) -> TargetOptions:
    """Null has removed what it could; the schema of a target says below which keys it says more."""
    assert isinstance(keys, Keys), "the schema asks for keys and values here"
    values = {name: value for name, value in _values(keys).items() if value is not None}
    return TargetOptions(MappingProxyType(values), MappingProxyType(dict(_places(keys, ""))))


def _values(keys: Keys) -> Mapping[str, Option]:
    return MappingProxyType({name: _option(value) for name, value in _own(keys)})


def _option(node: Node) -> Option:
    """A value; a number that is not whole as it is written, since all that takes one is an amount."""
    if isinstance(node, Keys):
        return _values(node)
    if isinstance(node, Scalar):
        return node.text if isinstance(node.value, float) else node.value
    return tuple(_option(item) for item in node.items)


def _places(keys: Keys, around: str) -> Iterator[tuple[str, Span]]:
    for name, entry in keys.entries.items():
        yield around + name, entry.key.span
        if isinstance(entry.value, Keys):
            yield from _places(entry.value, f"{around}{name}.")
