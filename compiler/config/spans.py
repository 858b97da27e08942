"""Where the keys of a config were written."""

from collections.abc import Iterator

from automl.compiler.source import Span, Spans
from automl.compiler.tree.nodes import Mapping, Node, Sequence


def spans_of(node: Mapping) -> Spans:
    """The place of every key, by its own name and those around it: `service.readiness.path`, `secrets[0].keys`."""
    return dict(_spans(node, ""))


def _spans(node: Mapping, prefix: str) -> Iterator[tuple[str, Span]]:
    for name, entry in node.entries.items():
        if not name.startswith("x-") and name != "$schema":
            yield prefix + name, entry.key.span
            if name not in ("stages", "defaults"):
                yield from _spans_below(entry.value, prefix + name)


def _spans_below(node: Node, key: str) -> Iterator[tuple[str, Span]]:
    if isinstance(node, Mapping):
        yield from _spans(node, f"{key}.")
    elif isinstance(node, Sequence):
        for number, item in enumerate(node.items):
            yield from _spans_below(item, f"{key}[{number}]")
