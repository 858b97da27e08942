"""Whether a config is surely what its JSON Schema asks for, without jsonschema-rs, which takes longer to start than a
small config takes to compile.

This knows the keywords that our schemas use, and for each what JSON Schema says of it. What is wrong, and whatever
it does not know, it leaves to jsonschema-rs.
"""

import re
from collections.abc import Callable
from types import NoneType
from typing import Any

from automl.compiler.tree.nodes import Plain
from automl.schemas import Schema

_LONGEST = 1000  # of a text that a pattern is tried with
_PLACE = "#/$defs/"
_ANY = frozenset((str, int, float, bool, list, dict, NoneType))
_TEXT, _NUMBER, _LIST, _OBJECT = {str}, {int, float}, {list}, {dict}
_TYPES = {
    str: {"string"},
    int: {"integer", "number"},
    float: {"number"},
    bool: {"boolean"},
    list: {"array"},
    dict: {"object"},
    NoneType: {"null"},
}


class _UnknownError(Exception):
    """What jsonschema-rs has to judge."""


def is_surely_sound(value: Plain, whole: Schema) -> bool:
    """Whether a value is what a schema asks for. If it may be so, but that is not known here, it is false, too."""
    try:
        return _fits(value, whole, whole)
    except _UnknownError:
        return False


def _fits(value: Any, at: Schema | bool, whole: Schema) -> bool:
    """Whether it is so, or not. Raises _UnknownError."""
    if isinstance(at, bool):
        return at
    for keyword, wanted in at.items():
        if keyword not in _KEYWORDS:
            raise _UnknownError
        types, fits = _KEYWORDS[keyword]
        if type(value) in types and not fits(value, wanted, at, whole):
            return False
    return True


def _is_of_type(value: Any, wanted: str | list[str], *_: Schema) -> bool:
    names = [wanted] if isinstance(wanted, str) else wanted
    if type(value) is float and "number" not in names:
        raise _UnknownError  # 1.0 is a whole number
    return not _TYPES[type(value)].isdisjoint(names)


def _is_one_of(value: Any, wanted: list[Any], *_: Schema) -> bool:
    if any(type(one) not in (str, bool, NoneType) for one in wanted):
        raise _UnknownError  # 1.0 is 1, but true is not
    return any(value == one and type(value) is type(one) for one in wanted)


def _matches(text: str, pattern: str, *_: Schema) -> bool:
    """Of other texts, Python says otherwise what a space is, and where the end."""
    if len(text) > _LONGEST or not (text.isascii() and text.isprintable()):
        raise _UnknownError
    return re.search(pattern, text) is not None


def _refers(value: Any, wanted: str, at: Schema, whole: Schema) -> bool:
    if not wanted.startswith(_PLACE):
        raise _UnknownError
    return _fits(value, whole["$defs"][wanted.removeprefix(_PLACE)], whole)


def _has_items(value: list[Any], wanted: Schema, at: Schema, whole: Schema) -> bool:
    return all(_fits(item, wanted, whole) for item in value)


def _has_known_keys(value: dict[str, Any], wanted: Schema, at: Schema, whole: Schema) -> bool:
    return all(_fits(below, wanted[name], whole) for name, below in value.items() if name in wanted)


def _has_keys_by_pattern(value: dict[str, Any], wanted: Schema, at: Schema, whole: Schema) -> bool:
    return all(
        _fits(below, asked, whole)
        for pattern, asked in wanted.items()
        if asked
        for name, below in value.items()
        if _matches(name, pattern)
    )


def _has_other_keys(value: dict[str, Any], wanted: Schema | bool, at: Schema, whole: Schema) -> bool:
    known, patterns = at.get("properties", {}), at.get("patternProperties", {})
    others = [
        below
        for name, below in value.items()
        if name not in known and not any(_matches(name, pattern) for pattern in patterns)
    ]
    return all(_fits(below, wanted, whole) for below in others)


def _has_names(value: dict[str, Any], wanted: Schema, at: Schema, whole: Schema) -> bool:
    return all(_fits(name, wanted, whole) for name in value)


def _depends(value: dict[str, Any], wanted: dict[str, list[str]], *_: Schema) -> bool:
    return all(value.keys() >= {*names} for name, names in wanted.items() if name in value)


def _branches(value: Any, wanted: Schema, at: Schema, whole: Schema) -> bool:
    return _fits(value, at.get("then" if _fits(value, wanted, whole) else "else", {}), whole)


def _is_long_enough(value: Any, wanted: int, *_: Schema) -> bool:
    return len(value) >= wanted


def _is_short_enough(value: Any, wanted: int, *_: Schema) -> bool:
    return len(value) <= wanted


_KEYWORDS: dict[str, tuple[Any, Callable[..., bool]]] = {
    # what says nothing of a value by itself
    **dict.fromkeys(("$schema", "$id", "$defs", "title", "description", "examples", "default"), ((), bool)),
    **dict.fromkeys(("x-synonyms", "x-expected", "x-help", "x-of", "then", "else"), ((), bool)),
    "type": (_ANY, _is_of_type),
    "enum": (_ANY, _is_one_of),
    "const": (_ANY, lambda value, wanted, *_: _is_one_of(value, [wanted])),
    "$ref": (_ANY, _refers),
    "allOf": (_ANY, lambda value, wanted, _, whole: all(_fits(value, one, whole) for one in wanted)),
    "not": (_ANY, lambda value, wanted, _, whole: not _fits(value, wanted, whole)),
    "if": (_ANY, _branches),
    "pattern": (_TEXT, _matches),
    "minLength": (_TEXT, _is_long_enough),
    "maxLength": (_TEXT, _is_short_enough),
    "minimum": (_NUMBER, lambda value, wanted, *_: value >= wanted),
    "maximum": (_NUMBER, lambda value, wanted, *_: value <= wanted),
    "exclusiveMinimum": (_NUMBER, lambda value, wanted, *_: value > wanted),
    "items": (_LIST, _has_items),
    "minItems": (_LIST, _is_long_enough),
    "maxItems": (_LIST, _is_short_enough),
    "required": (_OBJECT, lambda value, wanted, *_: all(name in value for name in wanted)),
    "dependentRequired": (_OBJECT, _depends),
    "properties": (_OBJECT, _has_known_keys),
    "patternProperties": (_OBJECT, _has_keys_by_pattern),
    "additionalProperties": (_OBJECT, _has_other_keys),
    "propertyNames": (_OBJECT, _has_names),
    "minProperties": (_OBJECT, _is_long_enough),
    "maxProperties": (_OBJECT, _is_short_enough),
}
