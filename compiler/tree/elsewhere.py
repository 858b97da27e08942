"""Signs that mean in other languages what YAML writes in another way: bullets, comments, assignments."""

import yaml

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.patterns import regex
from automl.compiler.source import Source, Span
from automl.compiler.tree.indentation import indentation_of, line_above, position

_SIGNS = (
    (regex(r"\s*(?P<sign>[–—−•·]) "), 'an item of a list starts with "- "', "write `-` for this sign"),  # noqa: RUF001
    (regex(r"(?:[^\"'#]*?: +)?(?P<sign>//)(?: |$)"), 'a comment starts with "#"', "write `#` for it"),
    (regex(r"\s*(?:- )?[A-Za-z_]\w* +(?P<sign>=) "), 'a key ends with ":"', "write `:` for it"),
)


def written_as_elsewhere(source: Source, error: yaml.MarkedYAMLError) -> Diagnostic | None:
    """Such a sign in the line of the problem, or in that above it."""
    number = position(source, error.problem_mark)[0]
    for line in (line_above(source, number), number):
        text = source.line(line) if line else ""
        first = (
            len(indentation_of(text)) if "flow" in (error.context or "") else 0
        )  # no block of text is there
        for pattern, message, help in _SIGNS:
            if match := pattern.match(text, first):
                start, end = match.span("sign")
                span = Span(source, line, start + 1, line, end + 1)
                return Diagnostic(Code.SYNTAX, message, span, help=help)
    return None
