"""A YAML document as a tree in which every key and every value knows its place."""

from collections.abc import Iterator
from typing import TypeAlias

from automl.compiler.records import NamedTuple
from automl.compiler.source import Span

PlainScalar: TypeAlias = bool | int | float | str | None
Plain: TypeAlias = "PlainScalar | list[Plain] | dict[str, Plain]"


class ParamReference(NamedTuple):
    """`params.x`: a parameter that stands in a text by itself, so that an engine may fill it in."""

    name: str
    span: Span


class OutputReference(NamedTuple):
    """`steps.x.outputs.y`: an output of a step, which is called as its user calls it: by its name, or `stage/step`."""

    step: str
    output: str
    span: Span


class RunReference(NamedTuple):
    """`run.id` or `run.name`."""

    field: str
    span: Span


class TrialReference(NamedTuple):
    """`sweep.x`: a value of the trial."""

    name: str
    span: Span


class FoldReference(NamedTuple):
    """`fold.index` or `fold.count`."""

    field: str
    span: Span


class BestReference(NamedTuple):
    """`steps.x.best.params.y` or `steps.x.best.outputs.y`: what the best trial of a step had, or left."""

    step: str
    kind: str
    name: str
    span: Span


class CollectReference(NamedTuple):
    """`collect(steps.x.outputs.y)`: an output of all trials of a step."""

    step: str
    output: str
    span: Span


Part: TypeAlias = (
    str
    | ParamReference
    | OutputReference
    | RunReference
    | TrialReference
    | FoldReference
    | BestReference
    | CollectReference
)


class Scalar:
    """A single value. `text` is what was written, `value` what YAML 1.2 makes of it.

    `parts` are those of a text with references in it, after its expressions have been read.
    """

    __slots__ = ("parts", "span", "text", "value")

    def __init__(
        self, text: str, value: PlainScalar, span: Span, parts: tuple[Part, ...] | None = None
    ) -> None:
        self.text = text
        self.value = value
        self.span = span
        self.parts = parts


class Sequence:
    """A list of nodes."""

    __slots__ = ("items", "span")

    def __init__(self, span: Span, items: "list[Node] | None" = None) -> None:
        self.span = span
        self.items = [] if items is None else items


class Entry(NamedTuple):
    """A key and its value."""

    key: Scalar
    value: "Node"


class Mapping:
    """Keys, as they are written, and their values, in the order of the file."""

    __slots__ = ("entries", "span")

    def __init__(self, span: Span, entries: dict[str, Entry] | None = None) -> None:
        self.span = span
        self.entries = {} if entries is None else entries

    def get(self, key: str) -> "Node | None":
        """The value of `key`, if there is one."""
        entry = self.entries.get(key)
        return entry.value if entry else None

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries.values())


Node: TypeAlias = Scalar | Sequence | Mapping


def to_plain(node: Node) -> Plain:
    """The same tree as Python's own types, without places."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [to_plain(item) for item in node.items]
    return {name: to_plain(entry.value) for name, entry in node.entries.items()}
