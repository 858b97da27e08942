"""What is to be said where a tree is not what the schema asks for: the place, the words, and the way out."""

import json
import re
from collections.abc import Iterator
from typing import Any

from automl.compiler.diagnostics import MOST_FOUND, Code, Diagnostic
from automl.compiler.source import Span
from automl.compiler.structure.misfits import Misfit
from automl.compiler.structure.misspelt import holds_a_config, is_misspelt
from automl.compiler.structure.vocabulary import help_for_unknown, meant
from automl.compiler.structure.ways_of_data import for_list_of_data, for_unknown_of_contexts
from automl.compiler.structure.ways_of_targets import for_unknown_of_targets
from automl.compiler.structure.ways_of_tracking import for_unknown_of_trackers
from automl.compiler.structure.ways_of_trials import for_unknown_of_trials
from automl.compiler.structure.ways_out import STAGES, for_type, for_value
from automl.compiler.tree.nodes import Entry, Mapping, Node, Scalar, Sequence
from automl.compiler.tree.scalars import resolve
from automl.compiler.tree.stages import Path, place_of
from automl.schemas import Schema, schema

_TYPE_NAMES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "keys and values",
    "null": "nothing",
}


def explain(misfit: Misfit, root: Mapping, whole: Schema) -> Iterator[Diagnostic]:
    """The diagnostics for one place."""
    path, keyword, names, at, value = misfit
    node = _node_at(root, path)
    if keyword == "additionalProperties" and isinstance(node, Mapping):
        yield from _unknown_keys(node, names, at, path, whole)
    elif keyword == "required" and isinstance(node, Mapping):
        if not is_misspelt(names[0], node, at):
            yield _missing_key(root, path, node, names[0], at)
    elif keyword == "propertyNames" and isinstance(node, Mapping):
        yield from _wrong_keys(path, node, at.get("propertyNames", at))
    elif isinstance(node, Scalar) and node.value is None and _is_merged(path):
        yield _nothing_to_remove(_entry_at(root, path), path)
    elif keyword == "type":
        yield _wrong_type(path, node, value, at)
    else:
        yield _wrong_value(path, node, keyword, value, at)


def _unknown_keys(
    node: Mapping, names: list[str], at: Schema, path: Path, whole: Schema
) -> Iterator[Diagnostic]:
    is_volume = path[:1] == ["volumes"]
    has_words = not path or path == ["defaults"] or is_volume or _is_step(path) or _is_stage(path)
    has_words = has_words and whole is schema()
    known = sorted(at.get("properties", {}).keys() - node.entries.keys())
    for name in names[:MOST_FOUND]:
        value = node.entries[name].value
        of_data = for_list_of_data(meant(name, known), value) if isinstance(value, Sequence) else None
        of_trials = None if meant(name, known) else for_unknown_of_trials(name, path, value)
        of_targets = for_unknown_of_targets(name, path)
        of_contexts = for_unknown_of_contexts(name, path, whole)
        help = (
            of_data
            or of_trials
            or of_targets
            or of_contexts
            or for_unknown_of_trackers(name, path)
            or help_for_unknown(name, known, has_words, whole)
        )
        if not path and holds_a_config(node.entries[name]):
            help = "write what stands below it at the top of the file"
        message = f'unknown key "{name}"{_of(path)}'
        yield Diagnostic(Code.UNKNOWN_KEY, message, node.entries[name].key.span, help=help)


def _missing_key(root: Mapping, path: Path, node: Mapping, name: str, at: Schema) -> Diagnostic:
    example = at.get("properties", {}).get(name, {}).get("examples", [None])[0]
    help = f"for instance `{name}: {example}`" if example is not None else None
    if name == "stages":
        help = STAGES
    message = f'the key "{name}" is missing{_of(path)}'
    return Diagnostic(Code.MISSING_KEY, message, _head(root, path, node), help=help)


def _wrong_keys(path: Path, node: Mapping, wanted: Schema) -> Iterator[Diagnostic]:
    allowed = re.compile(rf"{wanted['pattern'].removesuffix('$')}\Z")
    for name, entry in node.entries.items():
        if not allowed.match(name):
            message = f'"{name}" cannot be a key{_of(path)}'
            yield Diagnostic(Code.WRONG_VALUE, message, entry.key.span, help=f"use {wanted['x-expected']}")


def _head(root: Mapping, path: Path, node: Mapping) -> Span:
    """Where to point for something that is not there: the key above, or the first key of a list's item."""
    if not path:
        return node.span.source.start()
    parent = _node_at(root, path[:-1])
    if isinstance(parent, Mapping) and isinstance(path[-1], str):
        return parent.entries[path[-1]].key.span
    return next((entry.key.span for entry in node), node.span)


def _nothing_to_remove(entry: Entry, path: Path) -> Diagnostic:
    name = entry.key.text
    message = f'"{name}" has no value'
    if place_of(path):
        message += ", and `defaults` has none to remove"
    help = "write `service: {}`" if name == "service" else "give a value, or remove the key"
    return Diagnostic(Code.NOTHING_TO_REMOVE, message, entry.key.span, help=help)


def _wrong_type(path: Path, node: Node, expected: str | list[str], at: Schema) -> Diagnostic:
    names = [expected] if isinstance(expected, str) else expected
    wanted = "a single value" if len(names) > 2 else " or ".join(_TYPE_NAMES[name] for name in names)
    actual = _described(node)
    if isinstance(node, Scalar) and isinstance(node.value, str) and "string" not in names:
        actual = f"the text {actual}" if resolve(node.text) != node.text else actual
    message = f"{_subject(path)} must be {wanted}, not {actual}"
    return Diagnostic(
        Code.WRONG_TYPE, message, node.span, help=at.get("x-help") or for_type(path, node, names, at)
    )


def _described(node: Node) -> str:
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node, Mapping):
        return "keys and values"
    return "nothing" if node.value is None else f'"{node.text}"'


def _wrong_value(path: Path, node: Node, keyword: str, value: Any, at: Schema) -> Diagnostic:
    subject, actual = _subject(path), _described(node)
    span, code = node.span, Code.WRONG_VALUE
    if keyword in ("minItems", "minProperties", "minLength"):
        message, code = f"{subject} is empty", Code.EMPTY
    elif keyword == "maxProperties":
        message = f"{subject} takes one of {', '.join(at['properties'])}, not several"
    elif keyword == "enum":
        message = f"{subject} must be one of {', '.join(str(one) for one in value if one is not None)}, not {actual}"
    elif keyword == "minimum":
        message = f"{subject} must be at least {value}, not {actual}"
    elif keyword == "maximum":
        message = f"{subject} must be at most {value}, not {actual}"
    elif keyword == "exclusiveMinimum":
        message = f"{subject} must be above {value}, not {actual}"
    elif keyword == "const":
        message = f"{subject} must be {json.dumps(value)}, not {actual}"
    else:
        message = f"{subject} must be {at.get('x-expected', value)}, not {actual}"
    return Diagnostic(code, message, span, help=at.get("x-help") or for_value(path, node, keyword, value, at))


def _subject(path: Path) -> str:
    names = [part for part in path if isinstance(part, str)]
    if not names:
        return "the file"
    return f'"{names[-1]}"' if isinstance(path[-1], str) else f'an item of "{names[-1]}"'


def _of(path: Path) -> str:
    """Where a key stands, in words."""
    if not path:
        return " at the top of the file"
    if _is_step(path):
        return " in a step"
    if _is_stage(path):
        return " in a stage"
    return f" in {_subject(path)}"


def _is_step(path: Path) -> bool:
    place = place_of(path)
    return place is not None and place.step is not None and not place.keys


def _is_stage(path: Path) -> bool:
    place = place_of(path)
    return place is not None and place.step is None and not place.keys


def _is_merged(path: Path) -> bool:
    """Whether a place is one of a step's keys, or of the keys below, where null removes what `defaults` says."""
    place = place_of(path)
    of_step = place.keys if place and place.step is not None else []
    keys = path[1:] if path[:1] == ["defaults"] else of_step
    return len(keys) > 0 and all(isinstance(part, str) for part in keys)


def _entry_at(root: Mapping, path: Path) -> Entry:
    parent = _node_at(root, path[:-1])
    assert isinstance(parent, Mapping), "a key is one of keys and values"
    return parent.entries[str(path[-1])]


def _node_at(root: Node, path: Path) -> Node:
    node = root
    for part in path:
        if isinstance(node, Mapping):
            node = node.entries[str(part)].value
        elif isinstance(node, Sequence):
            node = node.items[int(part)]
    return node
