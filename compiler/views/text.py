"""Diagnostics as text for people: rustc's form, with the line and a caret below it."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from unicodedata import category, east_asian_width

from automl.compiler.diagnostics import MOST_FOUND, Code, Diagnostic, Severity
from automl.compiler.source import Span
from automl.compiler.views.masking import MASK, Range, masked_columns, masked_message
from automl.compiler.views.printable import printable

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
_HIDDEN = frozenset({Code.PLAIN_SECRET, Code.URL_CREDENTIALS})  # the line holds what nobody should read
_MOST_SHOWN = 100
_LONGEST_LINE = 160  # a longer source line is cut around the caret
_LONGEST_MESSAGE = 1000  # a longer one, with a long value in it, is cut in its middle
_Line = tuple[str, int]  # the path of a source, and the number of a line


def render(diagnostics: Sequence[Diagnostic], colour: bool = False) -> str:
    """One block a diagnostic, each ended by an empty line. A credential is never shown.

    Of very many the worst are shown, and the rest is counted.
    """
    hidden = {_line_of(diagnostic.span) for diagnostic in diagnostics if diagnostic.code in _HIDDEN}
    shown = _worst(diagnostics)
    blocks = "".join(_block(diagnostic, hidden, colour) + "\n\n" for diagnostic in shown)
    rest = Counter(diagnostic.severity for diagnostic in diagnostics) - Counter(
        diagnostic.severity for diagnostic in shown
    )
    return blocks + (f"… and more: {_counted(rest)}\n\n" if rest else "")


def _worst(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Errors first of all, in the order in which they were given."""
    order = sorted(range(len(diagnostics)), key=lambda index: diagnostics[index].severity)
    return [diagnostics[index] for index in sorted(order[:_MOST_SHOWN])]


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """For instance `2 errors, 1 warning`; empty when there is neither."""
    counts = Counter(diagnostic.severity for diagnostic in diagnostics)
    del counts[Severity.INFO]
    return _counted(counts)


def _counted(counts: "Counter[Severity]") -> str:
    """Of what a phase has found no more is kept, so there may be more."""
    return ", ".join(
        f"{'at least ' * (count >= MOST_FOUND)}{count:,} {severity.name.lower()}{'s' * (count > 1)}"
        for severity, count in sorted(counts.items())
    )


def _line_of(span: Span) -> _Line:
    return span.source.path, span.line


def _block(diagnostic: Diagnostic, hidden: Collection[_Line], colour: bool) -> str:
    label = f"{diagnostic.severity.name.lower()}[{diagnostic.code}]"
    width = max(len(str(span.line)) for span in _spans(diagnostic))
    lines = [
        f"{_paint(label, diagnostic.severity, colour)}: {shown_message(diagnostic.message, diagnostic.span)}"
    ]
    margin = " " * width
    places = [("-->", "", diagnostic.severity, diagnostic.span)]
    places += [(":::", related.message, Severity.INFO, related.span) for related in diagnostic.related]
    for arrow, note, severity, span in places:
        lines.append(f"{margin}{arrow} {_place(span)}")
        if _line_of(span) not in hidden:
            lines += _snippet(span, note, width, severity, colour)
    if diagnostic.help:
        lines.append(f"{margin} = help: {shown_message(diagnostic.help, diagnostic.span)}")
    lines.append(f"{margin} = docs: automl explain {diagnostic.code}")
    return "\n".join(lines)


def shown_message(text: str, span: Span) -> str:
    """A message, or the help, about a place: in one line, with nothing in it that should not be read."""
    text = masked_message(text, span, masked_columns(span))
    if len(text) > _LONGEST_MESSAGE:
        text = f"{text[: _LONGEST_MESSAGE // 2]} … {text[-_LONGEST_MESSAGE // 2 :]}"
    return printable(text)


def _spans(diagnostic: Diagnostic) -> list[Span]:
    return [diagnostic.span, *(related.span for related in diagnostic.related)]


def _place(span: Span) -> str:
    return f"{printable(span.source.path)}:{span.line}:{span.column}"


def _snippet(span: Span, note: str, width: int, severity: Severity, colour: bool) -> list[str]:
    """The line and a caret below it; nothing for an empty line."""
    margin = " " * width
    line = span.source.line(span.line)
    if not line.strip():
        return []
    start, end = span.column - 1, _end_of_first_line(span, line)
    line, start, end = _masked(line, start, end, masked_columns(span))
    if len(line) > _LONGEST_LINE:
        cut = max(0, start - _LONGEST_LINE // 2)
        line, start, end = line[cut : cut + _LONGEST_LINE], start - cut, end - cut
    indent, caret = " " * _width(line[:start]), "^" * max(1, _width(line[start:end]))
    underline = f"{_paint(caret, severity, colour)}{' ' + note if note else ''}"
    number = f"{span.line:>{width}}"
    return [f"{margin} |", f"{number} | {printable(line)}", f"{margin} | {indent}{underline}"]


def _masked(line: str, start: int, end: int, ranges: Sequence[Range]) -> tuple[str, int, int]:
    """The line without what is not to be shown, and where the caret is in it."""
    for first, last in reversed(ranges):
        line = line[:first] + MASK + line[last:]
        shorter = last - first - len(MASK)
        start = start - shorter if start >= last else min(start, first)
        end = end - shorter if end >= last else min(end, first + len(MASK))
    return line, start, end


def _end_of_first_line(span: Span, line: str) -> int:
    return span.end_column - 1 if span.end_line == span.line else len(line.rstrip())


def _width(text: str) -> int:
    """Columns of a terminal that the text takes."""
    if text.isascii():
        return len(printable(text))
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    if category(character) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(character) in "WF" else len(printable(character))


def _paint(text: str, severity: Severity, colour: bool) -> str:
    return f"\x1b[1;{_COLOURS[severity]}m{text}\x1b[0m" if colour else text
