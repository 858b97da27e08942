"""The structure of a config: its JSON Schema decides, this module finds the place and the words."""

import json
import re
from collections.abc import Iterator
from typing import Any, TypeAlias

import jsonschema_rs

from automl.compiler.diagnostics import MOST_FOUND, Code, Diagnostic, Findings
from automl.compiler.nodes import Entry, Mapping, Node, Scalar, Sequence, to_plain
from automl.compiler.source import Span
from automl.compiler.suggest import did_you_mean
from automl.schemas import config_schema

Schema: TypeAlias = dict[str, Any]
Path: TypeAlias = list[str | int]

_MARK = "key."  # before a key that is a number; what `propertyNames` asks for allows it
_EMPTY = "\0"  # instead of an empty key
_STARTS_TO_MARK = "+0123456789k"  # the empty text is in it too
_TYPE_NAMES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "keys and values",
    "null": "nothing",
}
_SYNONYMS = {  # what users of other tools write
    "env": "envs",
    "environment": "envs",
    "environments": "envs",
    "docker_image": "image",
    "image_name": "image",
    "name": "step_name",
    "script": "path_to_executable",
    "path": "path_to_executable",
    "executable": "path_to_executable",
    "requirements": "dependency_path",
    "dependencies": "dependency_path",
    "cpu": "cpu_request",
    "memory": "memory_request",
    "retries": "backoff_limit",
    "secret": "secrets",
    "cron": "schedule",
    "steps": "stages",
    "tz": "timezone",
}


def check_structure(root: Mapping) -> tuple[Mapping | None, list[Diagnostic]]:
    """Every place where the tree is not what the schema asks for, and the part that is sound.

    A step with such a place is left out of that part, so that what can be said of the others is said in the same
    run, and nothing is said twice. There is none if the rest would not mean what was written.
    """
    schema: Schema = json.loads(config_schema())
    validator = jsonschema_rs.Draft202012Validator(schema)
    found = Findings()
    paths: list[Path] = []
    is_sound = validator.is_valid(to_plain(root))
    for error in () if is_sound else validator.iter_errors(_with_marks(root)):
        paths.append(_path(error))
        found.extend(_explain(error, root, schema))
        if found.is_full:
            return None, found
    return _sound_part(root, paths), found


def _with_marks(node: Node) -> Any:
    """The tree as Python's own types, in which no key is empty or a number: paths of errors would not tell it.

    In them, jsonschema-rs leaves out an empty key and makes an index of "01".
    """
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [_with_marks(item) for item in node.items]
    return {
        _mark(name) if name[:1] in _STARTS_TO_MARK else name: _with_marks(entry.value)
        for name, entry in node.entries.items()
    }


def _mark(name: str) -> str:
    if not name:
        return _EMPTY
    is_number = name.removeprefix("+").isdigit()
    return _MARK + name if is_number or name.startswith(_MARK) else name


def _unmarked(name: str) -> str:
    return "" if name == _EMPTY else name.removeprefix(_MARK)


def _path(error: jsonschema_rs.ValidationError) -> Path:
    return [_unmarked(part) if isinstance(part, str) else part for part in error.instance_path]


def _sound_part(root: Mapping, paths: list[Path]) -> Mapping | None:
    steps = {(path[1], path[2]) for path in paths if path[:1] == ["stages"] and len(path) > 2}
    stages = {path[1] for path in paths if path[:1] == ["stages"] and len(path) == 2}
    top = {path[0] for path in paths if path and path[0] != "stages"}
    there = root.get("stages")
    if not isinstance(there, Mapping) or "code" in top or "defaults" in top:
        return None
    kept = {
        name: Entry(stage.key, _without(stage.value, {index for owner, index in steps if owner == name}))
        for name, stage in there.entries.items()
        if name not in stages
    }
    entries = {name: entry for name, entry in root.entries.items() if name not in top}
    entries["stages"] = Entry(root.entries["stages"].key, Mapping(there.span, kept))
    return Mapping(root.span, entries)


def _without(stage: Node, indices: set[str | int]) -> Node:
    assert isinstance(stage, Sequence), "a stage that is no list is left out as a whole"
    if not indices:
        return stage
    return Sequence(stage.span, [item for index, item in enumerate(stage.items) if index not in indices])


def _explain(error: jsonschema_rs.ValidationError, root: Mapping, schema: Schema) -> Iterator[Diagnostic]:
    path = _path(error)
    node, keyword = _node_at(root, path), error.kind.name
    at, value = _schema_at(schema, list(error.schema_path))
    if keyword == "additionalProperties" and isinstance(node, Mapping):
        names = [_unmarked(name) for name in error.kind.as_dict()["unexpected"]]
        yield from _unknown_keys(node, names, at, path, schema)
    elif keyword == "required" and isinstance(node, Mapping):
        yield _missing_key(root, path, node, error.kind.as_dict()["property"], _resolved(schema, at))
    elif keyword == "propertyNames" and isinstance(node, Mapping):
        yield from _wrong_keys(path, node)
    elif keyword == "type":
        yield _wrong_type(path, node, value)
    else:
        yield _wrong_value(path, node, keyword, value, at)


def _unknown_keys(
    node: Mapping, names: list[str], at: Schema, path: Path, schema: Schema
) -> Iterator[Diagnostic]:
    known = sorted(at.get("properties", {}))
    for name in names[:MOST_FOUND]:
        yield Diagnostic(
            Code.UNKNOWN_KEY,
            f'unknown key "{name}"{_of(path)}',
            node.entries[name].key.span,
            help=_help_for_unknown(name, known, schema),
        )


def _help_for_unknown(name: str, known: list[str], schema: Schema) -> str:
    synonym = {name: _SYNONYMS[name]} if _SYNONYMS.get(name) in known else {}
    if suggestion := did_you_mean(name, known, synonym):
        return f'did you mean "{suggestion}"?'
    if name in schema["properties"]:
        return f'"{name}" belongs at the top of the file'
    if name in schema["$defs"]["step"]["properties"]:
        return f'"{name}" belongs in a step, or in `defaults`'
    if name in schema["$defs"]["service"]["properties"]:
        return f'"{name}" belongs in the `service` of a step'
    return f"known keys: {', '.join(known)}"


def _missing_key(root: Mapping, path: Path, node: Mapping, name: str, at: Schema) -> Diagnostic:
    example = at.get("properties", {}).get(name, {}).get("examples", [None])[0]
    help = f"for instance `{name}: {example}`" if example is not None else None
    if name == "stages":
        help = "`stages:` holds the stages by name, each a list of steps"
    message = f'the key "{name}" is missing{_of(path)}'
    return Diagnostic(Code.MISSING_KEY, message, _head(root, path, node), help=help)


def _wrong_keys(path: Path, node: Mapping) -> Iterator[Diagnostic]:
    allowed = re.compile(
        r"(?!\.\Z|\.\.)[-._a-zA-Z0-9]{1,253}\Z"
    )  # what `propertyNames` asks of the keys of a Secret
    for name, entry in node.entries.items():
        if not allowed.match(name):
            message = f'"{name}" cannot be a key{_of(path)}'
            yield Diagnostic(
                Code.WRONG_VALUE, message, entry.key.span, help="use letters, digits, `-`, `_` and `.`"
            )


def _head(root: Mapping, path: Path, node: Mapping) -> Span:
    """Where to point for something that is not there: the key above, or the first key of a list's item."""
    if not path:
        return node.span.source.start()
    parent = _node_at(root, path[:-1])
    if isinstance(parent, Mapping) and isinstance(path[-1], str):
        return parent.entries[path[-1]].key.span
    return next((entry.key.span for entry in node), node.span)


def _wrong_type(path: Path, node: Node, expected: str | list[str]) -> Diagnostic:
    names = [expected] if isinstance(expected, str) else expected
    wanted = "a single value" if len(names) > 2 else " or ".join(_TYPE_NAMES[name] for name in names)
    message = f"{_subject(path)} must be {wanted}, not {_found(node)}"
    return Diagnostic(Code.WRONG_TYPE, message, node.span, help=_help_for_type(node, names))


def _help_for_type(node: Node, names: list[str]) -> str | None:
    if isinstance(node, Scalar) and node.value is None:
        return "give a value, or remove the key"
    if isinstance(node, Scalar) and "string" in names:
        return f'write "{node.text}", in quotes'
    if isinstance(node, Scalar) and "boolean" in names and node.text.lower() in ("yes", "no", "on", "off"):
        return f"write {'true' if node.text.lower() in ('yes', 'on') else 'false'}"
    if isinstance(node, Scalar) and names == ["array"]:
        return f"write a list: {json.dumps(node.text.split(), ensure_ascii=False)}"
    return None


def _found(node: Node) -> str:
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node, Mapping):
        return "keys and values"
    return "nothing" if node.value is None else f'"{node.text}"'


def _wrong_value(path: Path, node: Node, keyword: str, value: Any, at: Schema) -> Diagnostic:
    subject, found = _subject(path), _found(node)
    span, code = node.span, Code.WRONG_VALUE
    if keyword in ("minItems", "minProperties", "minLength"):
        message, code = f"{subject} is empty", Code.EMPTY
    elif keyword == "maxProperties":
        message = f"{subject} takes one of {', '.join(at['properties'])}, not several"
    elif keyword == "enum":
        message = f"{subject} must be one of {', '.join(map(str, value))}, not {found}"
    elif keyword == "minimum":
        message = f"{subject} must be at least {value}, not {found}"
    elif keyword == "maximum":
        message = f"{subject} must be at most {value}, not {found}"
    elif keyword == "const":
        message = f"{subject} must be {json.dumps(value)}, not {found}"
    else:
        message = f"{subject} must be {at.get('x-expected', value)}, not {found}"
    return Diagnostic(code, message, span)


def _subject(path: Path) -> str:
    names = [part for part in path if isinstance(part, str)]
    if not names:
        return "the file"
    return f'"{names[-1]}"' if isinstance(path[-1], str) else f'an item of "{names[-1]}"'


def _of(path: Path) -> str:
    """Where a key stands, in words."""
    if not path:
        return " at the top of the file"
    if path[0] == "stages" and len(path) == 3:
        return " in a step"
    return f" in {_subject(path)}"


def _node_at(root: Node, path: Path) -> Node:
    node = root
    for part in path:
        if isinstance(node, Mapping):
            node = node.entries[str(part)].value
        elif isinstance(node, Sequence):
            node = node.items[int(part)]
    return node


def _schema_at(schema: Schema, path: Path) -> tuple[Schema, Any]:
    """The schema object that holds the failed keyword, and the keyword's value."""
    at: Any = schema
    holder: Schema = schema
    for part in path:
        holder = at
        at = _definition(schema, at["$ref"]) if part == "$ref" else at[part]
    return holder, at


def _resolved(schema: Schema, at: Schema) -> Schema:
    return _definition(schema, at["$ref"]) if "$ref" in at else at


def _definition(schema: Schema, reference: str) -> Schema:
    name = reference.removeprefix("#/$defs/")
    found: Schema = schema["$defs"][name]
    return found
