"""What a config says of its parameters, read before its shape is known: what has another shape is left for the schema."""

from collections.abc import Iterable

from automl.compiler.ir import Type
from automl.compiler.records import NamedTuple
from automl.compiler.source import Span
from automl.compiler.tree.nodes import Mapping, Node, Scalar, Sequence

TYPES = (Type.TEXT, Type.INT, Type.FLOAT, Type.BOOL)
"""Those that a parameter may have."""


class Declaration(NamedTuple):
    """A parameter as it is declared; `allowed` are the values that it may have, if not all."""

    name: str
    type: Type
    default: Scalar | None
    allowed: tuple[Scalar, ...]
    least: Scalar | None
    most: Scalar | None
    description: str | None
    span: Span


def declarations_of(params: Node | None) -> dict[str, Declaration | None]:
    """The parameters by their names; None for one that is not declared as the schema asks."""
    if not isinstance(params, Mapping):
        return {}
    return {name: _declaration(entry.key, entry.value) for name, entry in params.entries.items()}


def is_of(scalar: Scalar, type: Type) -> bool:
    """Whether a value has a type: any single value is a text, and a whole number is a number."""
    if scalar.value is None or type is Type.TEXT:
        return scalar.value is not None
    if type is Type.BOOL or isinstance(scalar.value, bool):
        return type is Type.BOOL and isinstance(scalar.value, bool)
    return isinstance(scalar.value, int if type is Type.INT else (int, float))


def _declaration(key: Scalar, node: Node) -> Declaration | None:
    if isinstance(node, Scalar):
        return _of_default(key, node) if node.value is not None else None
    if not isinstance(node, Mapping):
        return None
    known = {name: entry.value for name, entry in node.entries.items() if not name.startswith("x-")}
    single = {name: known.pop(name, None) for name in ("type", "default", "min", "max", "description")}
    allowed = _scalars(known.pop("enum", None))
    if known or allowed is None or not all(_is_single(value) for value in single.values()):
        return None
    kind, default, least, most, description = (_scalar(value) for value in single.values())
    if kind is not None and kind.text not in TYPES:
        return None
    type = Type(kind.text) if kind else _type_of(default, *allowed)
    text = description.text if description else None
    return Declaration(key.text, type, default, allowed, least, most, text, key.span)


def _of_default(key: Scalar, default: Scalar) -> Declaration:
    return Declaration(key.text, _type_of(default), default, (), None, None, None, key.span)


def _type_of(*values: Scalar | None) -> Type:
    """The type that the first of some values has; a text if there is none."""
    first = next((value for value in values if value is not None), None)
    narrow = (Type.BOOL, Type.INT, Type.FLOAT)
    return next((type for type in narrow if first is not None and is_of(first, type)), Type.TEXT)


def _is_single(node: Node | None) -> bool:
    return node is None or (isinstance(node, Scalar) and node.value is not None)


def _scalar(node: Node | None) -> Scalar | None:
    return node if isinstance(node, Scalar) else None


def _scalars(node: Node | None) -> tuple[Scalar, ...] | None:
    """The values of a list; none if something in it is no value."""
    if node is None:
        return ()
    items: Iterable[Node] = node.items if isinstance(node, Sequence) else ()
    scalars = tuple(item for item in items if isinstance(item, Scalar) and item.value is not None)
    return scalars if isinstance(node, Sequence) and scalars and len(scalars) == len(node.items) else None
