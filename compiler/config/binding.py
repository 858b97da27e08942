"""From a tree to the nouns of a config: named tuples, whose fields say what is read into them (see `kinds`).

What is not written is the `default` of the schema, or else nothing: None, false, or no items.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, TypeAlias, TypeVar, get_origin

from automl.compiler.config.kinds import Keys, Kind, joined, kinds_of
from automl.compiler.config.located import Name, Template
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.records import NamedTuple
from automl.compiler.source import Located, Pair, Source, Span, Written
from automl.compiler.tree.nodes import Entry, Mapping, Node, Scalar, Sequence
from automl.compiler.values.cron import CronError, parse_cron
from automl.compiler.values.dns import dns_label
from automl.compiler.values.units import QuantityError, parse_duration
from automl.schemas import schema_of

_LONGEST_AMOUNT = 1000  # of a longer one the start is read, and what shows that it is cut, which fits nothing
_CODES: dict[object, Code] = {parse_cron: Code.CRON, parse_duration: Code.DURATION}  # QUANTITY of the others
_HELP = {Code.CRON: "the fields are minute, hour, day of the month, month, day of the week"}
_NOWHERE = Source("", "").start()
T = TypeVar("T")
Read: TypeAlias = Callable[[Any, list[Diagnostic]], Any]  # from a node


class _Field(NamedTuple):
    """How a field is had: its number, the keys below the first of those that lead to its value, and what reads that."""

    number: int
    below: Keys
    read: Read


class _Fields(NamedTuple):
    """Those of a noun: by the first key that leads there, those of the noun's own place, and what stands for none."""

    by_key: dict[str, list[_Field]]
    of_noun: list[_Field]
    numbers: dict[str, int]
    absent: list[object]
    absent_there: list[tuple[int, Callable[[Span], object]]]  # that has the place of the noun
    make: Callable[[list[object]], Any]


def bind(noun: Callable[..., T], node: Mapping, at: str, diagnostics: list[Diagnostic], **given: object) -> T:
    """The noun that keys and values are, by the schema at a key; `given` are the fields that no key has.

    A value that cannot be read becomes a diagnostic, and another stands for it, so that the rest is looked at.
    """
    fields = _fields(noun, at)
    values = fields.absent.copy()
    for name, value in given.items():
        values[fields.numbers[name]] = value
    for number, absent in fields.absent_there:
        values[number] = absent(node.span)
    for number, _, read in fields.of_noun:
        values[number] = read(node, diagnostics)
    for key, entry in node.entries.items():
        for number, below, read in fields.by_key.get(key, ()):
            at_key = _below(entry.value, below) if below else entry.value
            if at_key is not None:
                values[number] = read(at_key, diagnostics)
    made: T = fields.make(values)
    return made


def name_of(node: Scalar) -> Name:
    """A name, and what becomes of it."""
    return Name(node.text, dns_label(node.text), node.span)


def _below(node: Node, keys: Keys) -> Node | None:
    for key in keys:
        assert isinstance(node, Mapping), "the schema asks for keys and values here"
        entry = node.entries.get(key)
        if entry is None:
            return None
        node = entry.value
    return node


@cache
def _fields(noun: Any, at: str) -> _Fields:
    kinds = kinds_of(noun)
    written = [kind.keys for kind in kinds.values() if not kind.is_place]
    numbers = {name: number for number, name in enumerate(noun._fields)}
    fields = _Fields({}, [], numbers, [noun._field_defaults.get(name) for name in numbers], [], noun._make)
    for name, kind in kinds.items():
        key = joined(at, kind.keys)
        field = _Field(numbers[name], kind.keys[1:], _reader(kind, key, written))
        if kind.keys:
            fields.by_key.setdefault(kind.keys[0], []).append(field)
            _add_absent(numbers[name], kind, key, fields)
        else:
            fields.of_noun.append(field)
    return fields


def _reader(kind: Kind, key: str, written: list[Keys]) -> Read:
    """What reads a value of a kind that the schema has at a key; `written` are the keys beside it."""
    if kind.type == Written:
        texts = [(path, joined("", path)) for path in written]
        return lambda node, _: _written(node, texts)
    if kind.parse:
        return partial(_parsed, kind.parse, _stand_in(kind, kind.parse, key))
    if kind.type in _SINGLE:
        return _SINGLE[kind.type]
    if kind.is_noun:
        return lambda node, diagnostics: bind(kind.type, node, key, diagnostics)
    assert kind.item, f"nothing reads {kind.type}"
    if kind.item.type in _PAIR:
        return partial(_pairs, _PAIR[kind.item.type])
    if get_origin(kind.type) is Located and kind.item.type is str:
        return lambda node, _: _located(node)
    read, item = _reader(kind.item, key, written), kind.item
    if item.is_noun:
        return lambda node, diagnostics: _nouns(item.type, read, node, key, diagnostics)
    if get_origin(kind.type) is Located:
        return lambda node, diagnostics: Located(read(node, diagnostics), node.span)
    return lambda node, diagnostics: tuple([read(item, diagnostics) for item in node.items])


_SINGLE: dict[Any, Read] = {
    str: lambda node, _: node.text,
    int: lambda node, _: int(node.value),
    bool: lambda node, _: node.value is True,
    Name: lambda node, _: name_of(node),
    Span: lambda node, _: node.span,
    Mapping: lambda node, _: node,  # with names of the user's own, which their reader knows
    Sequence: lambda node, _: node,
}
_PAIR: dict[Any, Callable[[Entry], object]] = {
    Pair: lambda entry: Pair(_located(entry.key), _located(entry.value)),
    tuple[str, str]: lambda entry: (entry.key.text, _located(entry.value).value),
}


def _nouns(noun: Any, read: Read, node: Node, key: str, diagnostics: list[Diagnostic]) -> tuple[object, ...]:
    """The nouns of a list, or those behind the user's own keys, which are their names."""
    if isinstance(node, Sequence):
        return tuple([read(item, diagnostics) for item in node.items])
    assert isinstance(node, Mapping), "the schema asks for keys and values here"
    return tuple([_named(noun, entry, key, diagnostics) for entry in node])


def _named(noun: Any, entry: Entry, key: str, diagnostics: list[Diagnostic]) -> object:
    assert isinstance(entry.value, Mapping), "the schema asks for keys and values here"
    return bind(noun, entry.value, key, diagnostics, name=entry.key.text, span=entry.key.span)


def _pairs(make: Callable[[Entry], object], node: Mapping, _: list[Diagnostic]) -> tuple[object, ...]:
    return tuple([make(entry) for entry in node])


def _located(node: Node) -> Located[str]:
    assert isinstance(node, Scalar), "the schema asks for a single value here"
    if node.parts is not None:
        return Template(node.text, node.span, node.parts)
    return Located(node.text, node.span)


def _written(node: Mapping, keys: list[tuple[Keys, str]]) -> Written:
    """The texts behind some keys, and those of the pairs there."""
    texts: dict[str, Located[str]] = {}
    for path, key in [(path, key) for path, key in keys if path[0] in node.entries]:  # few are
        value = _below(node, path)
        if isinstance(value, Scalar):
            texts[key] = _located(value)
        elif isinstance(value, Mapping):
            texts |= {f"{key}.{name}": _located(entry.value) for name, entry in value.entries.items()}
    return texts


def _parsed(
    parse: Callable[[str], object], stand_in: object, node: Scalar, diagnostics: list[Diagnostic]
) -> object:
    """The value of a text in a language of its own; another, and a diagnostic, if it is not in it."""
    text = node.text if len(node.text) <= _LONGEST_AMOUNT else f"{node.text[:_LONGEST_AMOUNT]}…"
    try:
        return parse(text)
    except (QuantityError, CronError) as error:
        message, _, help = str(error).partition("; ")
        code = _CODES.get(parse, Code.QUANTITY)
        diagnostics.append(Diagnostic(code, message, node.span, help=help or _HELP.get(code)))
        return stand_in


def _stand_in(kind: Kind, parse: Callable[[str], object], key: str) -> object:
    """For what cannot be read: the default, none, or an example."""
    at = schema_of(key)
    if kind.is_optional or not at.keys() & {"default", "examples"}:
        return None
    return parse(str(at.get("default", at.get("examples", [""])[0])))


def _add_absent(number: int, kind: Kind, key: str, fields: _Fields) -> None:
    """What stands for a field that is not written: the schema's default, or nothing."""
    default = schema_of(key).get("default")
    if kind.is_place:
        fields.absent_there.append((number, lambda span: span))
    elif default is None or kind.is_noun:
        fields.absent[number] = None if kind.is_optional else False if kind.type is bool else ()
    else:
        value = _reader(kind, key, [])(Scalar(str(default), default, _NOWHERE), [])
        if get_origin(kind.type) is Located:
            fields.absent_there.append((number, lambda span: Located(value.value, span)))
        else:
            fields.absent[number] = value
