"""The key `<<` of YAML 1.1, which brings in the keys of other mappings."""

from collections.abc import Iterator

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.tree.nodes import Mapping, Node, Sequence


def check_merge(value: Node) -> Iterator[Diagnostic]:
    """What is wrong with the value of `<<`."""
    values = value.items if isinstance(value, Sequence) else [value]
    wrong = (node for node in values if not isinstance(node, Mapping))
    message = "`<<` takes a mapping, or a list of mappings"
    return (Diagnostic(Code.ALIAS, message, node.span) for node in wrong)


def merge(mapping: Mapping, values: list[Node]) -> None:
    """Add what `<<` brings in; what the mapping itself says wins, then the earlier of a list."""
    for merged in _mappings(values):
        for name, entry in merged.entries.items():
            mapping.entries.setdefault(name, entry)


def _mappings(nodes: list[Node]) -> Iterator[Mapping]:
    for node in nodes:
        if isinstance(node, Mapping):
            yield node
        elif isinstance(node, Sequence):
            yield from _mappings(node.items)
