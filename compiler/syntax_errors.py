"""Text that is no YAML: what is wrong with it, in the words of people who write YAML."""

import yaml

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.source import Source, Span

_HINTS = {
    "mapping values are not allowed": "a value with `: ` in it needs quotes; or a line above is not indented as it should be",
    "could not find expected ':'": "a key needs a `:` and a blank behind it",
    "did not find expected key": "look at the indentation of this line and at the quotes above it",
    "found unexpected end of stream": "a quote is not closed",
    "found character that cannot start any token": "a value that starts with `@`, a backquote or `%` needs quotes",
    "did not find expected <document start>": "nothing may follow the end of the document",
}


def syntax_error(source: Source, error: yaml.MarkedYAMLError) -> Diagnostic:
    """What is wrong, and where: libyaml knows the place at which it gave up, and seldom the mistake."""
    mark = error.problem_mark or error.context_mark
    problem = (error.problem or error.context or "unreadable").strip()
    line, column = position(source, mark)
    span = Span(source, line, column, line, column + 1)
    text = source.line(line)
    indentation = text[: len(text) - len(text.lstrip())]
    if "\t" in indentation:
        start = indentation.index("\t") + 1
        tab = Span(source, line, start, line, len(indentation) + 1)
        return Diagnostic(Code.TAB, "a tab indents this line", tab, help="YAML is indented with blanks only")
    help = next((hint for known, hint in _HINTS.items() if known in problem), None)
    return Diagnostic(Code.SYNTAX, f"the YAML cannot be read: {problem}", span, help=help)


def position(source: Source, mark: "yaml.Mark | yaml._yaml.Mark | None") -> tuple[int, int]:
    """Line and column from 1; PyYAML counts from 0, and at the end of the text a line that is not there."""
    if mark is None:
        return 1, 1
    if mark.line >= len(source.lines):
        return len(source.lines), len(source.lines[-1]) + 1
    return mark.line + 1, mark.column + 1
