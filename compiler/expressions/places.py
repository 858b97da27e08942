"""Where in the file a part of a scalar's text stands, whatever quotes, escapes and folds are between the two."""

import re
from bisect import bisect_right
from itertools import accumulate
from typing import TypeAlias

from automl.compiler.patterns import regex
from automl.compiler.source import Span

_PROPERTIES = regex(r"(?:[&!]\S*\s+)*")  # an anchor, a tag
_BLANKS = regex(r"[ \t\r\n]+")
_CONTINUATION = regex(r"\\\r?\n[ \t]*")
_ESCAPE = regex(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")

Written: TypeAlias = tuple[int, int]  # from where to where


class Places:
    """The places of a text that a scalar's span holds, by offsets; the whole scalar where they cannot be told."""

    def __init__(self, text: str, span: Span) -> None:
        self._span = span
        lines = [span.source.line(number) for number in range(span.line, span.end_line + 1)]
        raw = "\n".join([lines[0][span.column - 1 :], *lines[1:]])
        if span.line == span.end_line:
            raw = raw[: span.end_column - span.column]
        self._written = [(at, at + 1) for at in range(len(text))] if raw == text else _aligned(raw, text)
        self._starts = list(accumulate((len(line) + 1 for line in raw.split("\n")), initial=0))

    def span(self, start: int, end: int) -> Span:
        """The place of the text between two offsets."""
        if self._written is None:
            return self._span
        line, column = self._position(self._written[start][0])
        end_line, end_column = self._position(self._written[end - 1][1])
        return Span(self._span.source, line, column, end_line, end_column)

    def _position(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset) - 1
        first = self._span.column if line == 0 else 1
        return self._span.line + line, offset - self._starts[line] + first


def _aligned(raw: str, text: str) -> list[Written] | None:
    """For each character of the text what was written for it; None if that is not sure."""
    start = _PROPERTIES.match(raw)
    at = start.end() if start else 0
    if raw[at : at + 1] in ("|", ">"):
        return _walk(raw, text, raw.find("\n", at), "")
    quote = raw[at : at + 1] if raw[at : at + 1] in ("'", '"') else ""
    return _walk(raw, text, at + len(quote), quote)


def _walk(raw: str, text: str, at: int, quote: str) -> list[Written] | None:
    """Walk along both; blanks go together as they are, or as a fold."""
    written: list[Written] = []
    while len(written) < len(text):
        if quote == '"' and (match := _CONTINUATION.match(raw, at)):
            at = match.end()
        elif blanks := _BLANKS.match(raw, at):
            written += _fold(blanks, text, len(written), quote)
            at = blanks.end()
        elif end := _end_of_character(raw, at, text[len(written)], quote):
            written.append((at, end))
            at = end
        else:
            return None
    return written


def _fold(blanks: re.Match[str], text: str, start: int, quote: str) -> list[Written]:
    """What a run of blanks became: the blanks of the text, or a part of them before an escape."""
    match = _BLANKS.match(text, start)
    there, written = (match[0] if match else ""), blanks[0]
    count = len(there)
    if quote == '"':
        breaks = written.count("\n")
        count = min(count, len(written) if not breaks else max(1, breaks - 1))
    last = blanks.end() - 1
    places = (min(blanks.start() + index, last) for index in range(count))
    return [(at, at + 1) for at in places]


def _end_of_character(raw: str, at: int, character: str, quote: str) -> int | None:
    """Behind what was written for a character; None if something else was."""
    if quote == '"' and (match := _ESCAPE.match(raw, at)):
        return match.end()
    if quote == "'" and raw.startswith("''", at):
        return at + 2 if character == "'" else None
    return at + 1 if raw[at : at + 1] == character else None
