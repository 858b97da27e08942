"""Diagnostics as text for people: rustc's form, with the line and a caret below it."""

from collections.abc import Collection, Iterable, Sequence
from unicodedata import category, east_asian_width

from automl.compiler.diagnostics import Code, Diagnostic, Severity
from automl.compiler.source import Span

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
_HIDDEN = frozenset({Code.PLAIN_SECRET, Code.URL_CREDENTIALS})  # the line holds what nobody should read
_LONGEST_LINE = 160  # a longer source line is cut around the caret
_LONGEST_MESSAGE = 1000  # a longer one, with a long value in it, is cut in its middle
_Line = tuple[str, int]  # the path of a source, and the number of a line


def render(diagnostics: Sequence[Diagnostic], colour: bool = False) -> str:
    """One block a diagnostic, each ended by an empty line. A line with a credential is never shown."""
    hidden = {_line_of(each.span) for each in diagnostics if each.code in _HIDDEN}
    return "".join(_block(diagnostic, hidden, colour) + "\n\n" for diagnostic in diagnostics)


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """For instance `2 errors, 1 warning`; empty when there is neither."""
    severities = [diagnostic.severity for diagnostic in diagnostics]
    counts = [
        (severities.count(severity), severity.name.lower()) for severity in (Severity.ERROR, Severity.WARNING)
    ]
    return ", ".join(f"{count} {name}{'s' * (count > 1)}" for count, name in counts if count)


def _line_of(span: Span) -> _Line:
    return span.source.path, span.line


def _block(diagnostic: Diagnostic, hidden: Collection[_Line], colour: bool) -> str:
    label = f"{diagnostic.severity.name.lower()}[{diagnostic.code}]"
    width = max(len(str(span.line)) for span in _spans(diagnostic))
    lines = [f"{_paint(label, diagnostic.severity, colour)}: {_message(diagnostic.message)}"]
    margin = " " * width
    places = [("-->", "", diagnostic.severity, diagnostic.span)]
    places += [(":::", related.message, Severity.INFO, related.span) for related in diagnostic.related]
    for arrow, note, severity, span in places:
        lines.append(f"{margin}{arrow} {_place(span)}")
        if _line_of(span) not in hidden:
            lines += _snippet(span, note, width, severity, colour)
    if diagnostic.help:
        lines.append(f"{margin} = help: {_message(diagnostic.help)}")
    lines.append(f"{margin} = docs: docs/diagnostics.md#{diagnostic.code.lower()}")
    return "\n".join(lines)


def _message(text: str) -> str:
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
    if len(line) > _LONGEST_LINE:
        cut = max(0, start - _LONGEST_LINE // 2)
        line, start, end = line[cut : cut + _LONGEST_LINE], start - cut, min(end - cut, _LONGEST_LINE)
    indent, caret = " " * _width(line[:start]), "^" * max(1, _width(line[start:end]))
    mark = f"{_paint(caret, severity, colour)}{' ' + note if note else ''}"
    number = f"{span.line:>{width}}"
    return [f"{margin} |", f"{number} | {printable(line)}", f"{margin} | {indent}{mark}"]


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


def printable(text: str) -> str:
    """Tabs as one blank and control characters escaped, so that no input drives the terminal."""
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable()
        else " "
        if character == "\t"
        else character.encode("unicode_escape").decode()
        for character in text
    )


def _paint(text: str, severity: Severity, colour: bool) -> str:
    return f"\x1b[1;{_COLOURS[severity]}m{text}\x1b[0m" if colour else text
