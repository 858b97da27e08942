"""Where the keys of a config were written."""

from automl.compiler.source import Span, Spans
from automl.compiler.tree.nodes import Mapping, Node, Scalar


def spans_of(node: Mapping) -> Spans:
    """The place of every key, by its own name and those around it: `service.readiness.path`, `secrets[0].keys`."""
    spans: dict[str, Span] = {}
    _add(spans, node, "")
    return spans


def _add(spans: dict[str, Span], node: Mapping, prefix: str) -> None:
    for name, entry in node.entries.items():
        if not name.startswith("x-") and name != "$schema":
            spans[prefix + name] = entry.key.span
            if name not in ("stages", "defaults"):
                _add_below(spans, entry.value, prefix + name)


def _add_below(spans: dict[str, Span], node: Node, key: str) -> None:
    if isinstance(node, Scalar):
        return
    if isinstance(node, Mapping):
        _add(spans, node, f"{key}.")
        return
    for number, item in enumerate(node.items):
        if not isinstance(item, Scalar):
            _add_below(spans, item, f"{key}[{number}]")
