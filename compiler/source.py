"""A text with a name, and places in it."""

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Generic, TypeVar

from automl.compiler.patterns import regex
from automl.compiler.records import NamedTuple, Record

T = TypeVar("T")
_RARE_LINE_BREAKS = "\r\x85\u2028\u2029"
_LINE_BREAK = regex(f"\r\n|[\n{_RARE_LINE_BREAKS}]")  # what YAML counts as the end of a line


class Source:
    """A text and the path to show for it."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends. Those of a large text take more memory than it, and few ask for any."""
        return _LINE_BREAK.split(self.text) if self._has_rare_breaks else self.text.split("\n")

    @property
    def line_count(self) -> int:
        """How many lines there are."""
        return len(self.lines) if self._has_rare_breaks else self.text.count("\n") + 1

    @property
    def _has_rare_breaks(self) -> bool:
        return any(character in self.text for character in _RARE_LINE_BREAKS)

    def line(self, number: int) -> str:
        """Line `number`, counted from 1; empty past the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def start(self) -> "Span":
        """The first column of the first line."""
        return Span(self, 1, 1, 1, 2)

    def span_at(self, index: int, length: int = 1) -> "Span":
        """The span of `length` characters on the line that holds the character at `index`, from 0."""
        before = _LINE_BREAK.split(self.text[:index])
        line, column = len(before), len(before[-1]) + 1
        return Span(self, line, column, line, column + length)


class Span(NamedTuple):
    """A range of a source: lines and columns count code points from 1, the end is exclusive."""

    source: Source
    line: int
    column: int
    end_line: int
    end_column: int


class Located(Record, Generic[T]):
    """A value and where it was written; that of a default, what it is the default of."""

    value: T
    span: Span


class Pair(NamedTuple):
    """A key and its text, for instance a variable or a label."""

    key: Located[str]
    value: Located[str]


Spans = Mapping[str, Span]  # a key of the config, dotted, to the place where it was written
Written = Mapping[str, Located[str]]  # a key of a noun, dotted, to the text that was written for it
NOTHING_WRITTEN: Written = MappingProxyType({})
