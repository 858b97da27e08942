"""Where the keys of a config were written."""

from functools import lru_cache

from automl.compiler.source import Span, Spans
from automl.compiler.tree.nodes import Mapping, Node, Scalar
from automl.schemas import schema_of


def spans_of(node: Mapping, at: str = "") -> Spans:
    """The place of every key, by its own name and those around it: `service.readiness.path`, `outputs[auc].type`.

    `at` is what the schema calls the node: `step`, or nothing for the whole. The user's notes, `x-…`, are left out.
    """
    spans: dict[str, Span] = {}
    _add(spans, node, "", at)
    return spans


def _add(spans: dict[str, Span], node: Mapping, prefix: str, at: str) -> None:
    has_notes = not _has_keys_of_the_user(at)
    for name, (key, value) in node.entries.items():
        if has_notes and (name[:2] == "x-" or name == "$schema"):
            continue
        spans[prefix + name] = key.span
        if not isinstance(value, Scalar) and name not in ("stages", "defaults"):
            _add_below(spans, value, prefix + name, f"{at}.{name}".lstrip("."))


def _add_below(spans: dict[str, Span], node: Node, key: str, at: str) -> None:
    if isinstance(node, Mapping) and _has_names_of_the_user(at):
        for name, entry in node.entries.items():
            spans[f"{key}[{name}]"] = entry.key.span
            if isinstance(entry.value, Mapping):
                _add(spans, entry.value, f"{key}[{name}].", at)
    elif isinstance(node, Mapping):
        _add(spans, node, f"{key}.", at)
    elif not isinstance(node, Scalar):
        for number, item in enumerate(node.items):
            if not isinstance(item, Scalar):
                _add_below(spans, item, f"{key}[{number}]", at)


@lru_cache(maxsize=10_000)
def _has_keys_of_the_user(at: str) -> bool:
    """Whether the keys there are no words of the language: those of labels, variables, a selector."""
    try:
        return not {"properties", "items"} & schema_of(at).keys()
    except KeyError:  # there is no such key, which the schema says
        return False


@lru_cache(maxsize=10_000)
def _has_names_of_the_user(at: str) -> bool:
    """Whether the user's own keys there lead to keys of the language: those of outputs, of volumes."""
    try:
        below = schema_of(at).get("additionalProperties")
    except KeyError:
        return False
    return isinstance(below, dict) and "properties" in below
