"""Where a tree is not what its JSON Schema asks for: jsonschema-rs decides, this module finds the places again.

A small config that is surely sound does not need it, and it is not imported for that.
"""

from collections.abc import Callable
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from automl.compiler.diagnostics import MOST_FOUND
from automl.compiler.records import NamedTuple
from automl.compiler.structure.sound import is_surely_sound
from automl.compiler.tree.nodes import Mapping, Node, Scalar, Sequence, to_plain
from automl.compiler.tree.stages import Path
from automl.schemas import Schema

if TYPE_CHECKING:
    import jsonschema_rs

_SMALL = 64 * 1024
"""Characters of a config that jsonschema-rs, once it has started, does not check faster."""
_MARK = "key."  # before a key that is a number; what `propertyNames` asks for allows it
_EMPTY = "\0"  # instead of an empty key, and before a key that begins so: what `propertyNames` asks for allows neither
_STARTS_TO_MARK = "+0123456789k\0"  # the empty text is in it too


class Misfit(NamedTuple):
    """A place that is not what the schema asks for: the keyword that says so, its value, and what holds it."""

    path: Path
    keyword: str
    names: list[str]  # the keys that are missing or unknown
    at: Schema
    value: Any


def misfits(root: Mapping, of: Callable[[], Schema]) -> list[Misfit]:
    """The misfits of the tree, in the order of the schema that `of` gives; of too many the first ones, and one more."""
    plain = to_plain(root)
    if len(root.span.source.text) <= _SMALL and is_surely_sound(plain, of()):
        return []
    validator = _validator(of)
    if validator.is_valid(plain):
        return []
    errors = islice(validator.iter_errors(_with_marks(root)), MOST_FOUND + 1)
    return _once([_misfit(error, of()) for error in errors])


@cache
def _validator(of: Callable[[], Schema]) -> "jsonschema_rs.Draft202012Validator":
    """It takes longer to make than to check a thousand steps with."""
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(of())


def _once(them: list[Misfit]) -> list[Misfit]:
    """Those without what else is wrong with a value of the wrong type."""
    of_type = {tuple(misfit.path) for misfit in them if misfit.keyword == "type"}
    return [misfit for misfit in them if misfit.keyword == "type" or tuple(misfit.path) not in of_type]


def _misfit(error: "jsonschema_rs.ValidationError", whole: Schema) -> Misfit:
    at, value = _schema_at(whole, list(error.schema_path))
    keyword = error.kind.name
    names: list[str] = []
    if keyword == "additionalProperties":
        names = [_unmarked(name) for name in error.kind.as_dict()["unexpected"]]
    elif keyword == "required":
        names, at = [error.kind.as_dict()["property"]], _resolved(whole, at)
    path = [_unmarked(part) if isinstance(part, str) else part for part in error.instance_path]
    return Misfit(path, keyword, names, at, value)


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
    if not name or name.startswith(_EMPTY):
        return _EMPTY + name
    is_number = name.removeprefix("+").isdigit()
    return _MARK + name if is_number or name.startswith(_MARK) else name


def _unmarked(name: str) -> str:
    return name.removeprefix(_EMPTY) if name.startswith(_EMPTY) else name.removeprefix(_MARK)


def _schema_at(whole: Schema, path: Path) -> tuple[Schema, Any]:
    """The schema object that holds the failed keyword, and the keyword's value."""
    at: Any = whole
    holder: Schema = whole
    for part in path:
        holder = at
        at = _definition(whole, at["$ref"]) if part == "$ref" else at[part]
    return holder, at


def _resolved(whole: Schema, at: Schema) -> Schema:
    return _definition(whole, at["$ref"]) if "$ref" in at else at


def _definition(whole: Schema, reference: str) -> Schema:
    name = reference.removeprefix("#/$defs/")
    definition: Schema = whole["$defs"][name]
    return definition
