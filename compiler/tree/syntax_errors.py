"""Text that is no YAML: what is wrong with it, and where, in the words of people who write YAML.

libyaml knows the place at which it gave up, which is seldom that of the mistake, so each reading of its error is tried.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

import yaml

from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.patterns import regex
from automl.compiler.source import Source, Span
from automl.compiler.tree.elsewhere import written_as_elsewhere
from automl.compiler.tree.indentation import indentation_of, line_above, position, split, wrong_indentation
from automl.compiler.tree.nodes import Node, Scalar
from automl.compiler.tree.tokens import last_open_bracket, tokens

_Error: TypeAlias = yaml.MarkedYAMLError
_KEY = regex(r"[^\s\"'\[{#&*!|>%@`][^\"'\[{#]*?(?=:(\s|$))")  # an unquoted key and no more
_NO_BLANK = regex(r"([\w.-]+):([^\s:/].*)\Z")  # `name:churn`, but no address
_HINTS = {
    "did not find expected key": "look at the indentation of this line and at the quotes above it",
    "did not find expected <document start>": "nothing may follow the end of the document",
}


def syntax_error(source: Source, error: _Error) -> Diagnostic:
    """The one thing that is to be mended first."""
    for explain in _EXPLANATIONS:
        if diagnostic := explain(source, error):
            return diagnostic
    problem = (error.problem or error.context or "unreadable").strip()
    line, column = position(source, error.problem_mark or error.context_mark)
    help = next((hint for known, hint in _HINTS.items() if known in problem), None)
    return _at(source, line, (column, column + 1), f"the YAML cannot be read: {problem}", help)


def wrong_key(source: Source, node: Node) -> Diagnostic:
    """A key that is no text; most often it is `{{ x }}`, a template that lacks its quotes."""
    if isinstance(node, Scalar):
        return Diagnostic(
            Code.KEY_TYPE, "a key must be text; this is nothing", node.span, help="give it a name"
        )
    line, start, end = node.span.line, node.span.column - 1, node.span.end_column
    text = source.line(line)[start - 1 : end]
    if node.span.end_line == line and text.startswith("{{") and text.endswith("}}"):
        span = Span(source, line, start, line, end + 1)
        message = 'a value that starts with "{{" needs quotes'
        return Diagnostic(Code.KEY_TYPE, message, span, help=f"write {_quoted(text)}, in quotes")
    message, help = (
        "a key must be text; this is a collection",
        "text that starts with `{` or `[` needs quotes",
    )
    return Diagnostic(Code.KEY_TYPE, message, node.span, help=help)


def _conflict(source: Source, error: _Error) -> Diagnostic | None:
    for number, line in enumerate(source.lines, 1):
        if line.startswith("<<<<<<< "):
            help = "keep one side, and remove the lines `<<<<<<<`, `=======` and `>>>>>>>`"
            return _at(source, number, (1, len(line) + 1), "a merge conflict is not resolved", help)
    return None


def _tab(source: Source, error: _Error) -> Diagnostic | None:
    line, _ = position(source, error.problem_mark or error.context_mark)
    indentation = indentation_of(source.line(line))
    if "\t" not in indentation:
        return None
    span = Span(source, line, indentation.index("\t") + 1, line, len(indentation) + 1)
    return Diagnostic(Code.TAB, "a tab indents this line", span, help="YAML is indented with blanks only")


def _expression(source: Source, error: _Error) -> Diagnostic | None:
    """In a list in brackets `${{` is no text for YAML either."""
    line, column = position(source, error.problem_mark)
    text = source.line(line)
    if not text[: column + 1].rstrip("{").endswith("$") or not text.startswith("{{", column - 1):
        return None
    end = max(text.find("}}", column) + 3, column + 2)
    message = "in brackets an expression needs quotes"
    help = f"write {_quoted(text[column - 2 : end - 1])}, in quotes"
    return _at(source, line, (column - 1, end), message, help)._replace(code=Code.EXPRESSION)


def _first_character(source: Source, error: _Error) -> Diagnostic | None:
    """A value that starts with a sign that means something else: an alias, an anchor, a block of text, nothing yet."""
    context, problem = error.context or "", error.problem or ""
    if "scanning an a" in context or ("block scalar" in context and "line break" in problem):
        line, column = position(source, error.context_mark)
    elif "cannot start any token" in problem:
        line, column = position(source, error.problem_mark)
    else:
        return None
    text = source.line(line)
    value = _value_at(text, column)
    if not value:
        return None
    if value[0] == "%" and text[column - 2 : column - 1] == "{":
        return _at(
            source, line, (column - 1, len(text) + 1), "this is a template of Jinja", "render it first"
        )
    if value.startswith("```"):
        help = "keep the YAML, without the lines that start with it"
        return _at(source, line, (column, column + len(value)), "this is a fence of Markdown", help)
    if value.startswith("* ") and not text[: column - 1].strip():
        message = 'an item of a list starts with "- "'
        return _at(source, line, (column, column + len(value)), message, f"write `-{value[1:]}`")
    if value[0] in "|>" and value[1:2] in ("", " "):
        help = "put the text in the next line, indented, or leave the sign out"
        message = f'no text stands behind "{value[0]}"'
        return _at(source, line, (column, column + len(value)), message, help)
    message = f'a value that starts with "{value[0]}" needs quotes'
    return _at(source, line, (column, column + len(value)), message, f"write {_quoted(value)}, in quotes")


def _second_colon(source: Source, error: _Error) -> Diagnostic | None:
    """`description: a: b`."""
    line, column = position(source, error.problem_mark)
    text = source.line(line)
    key = _key_of(text)
    if "mapping values" not in (error.problem or "") or not key or key.end() + 1 >= column:
        return None
    value = text[key.end() + 1 :].strip()
    if value[:1] in ('"', "'"):
        return None
    start = text.index(value, key.end() + 1) + 1
    if second := re.match(r"\S+ +(?P<key>[a-z]+(_[a-z]+)+):(\s|$)", value):  # no word of a sentence
        message, help = "a second key stands in this line", f"put `{second['key']}` into a line of its own"
        place = start + second.start("key")
        return _at(source, line, (place, place + len(second["key"])), message, help)
    value = _value_at(text, start)
    help = f"write {_quoted(value)}, in quotes"
    return _at(source, line, (start, start + len(value)), 'a value with ": " in it needs quotes', help)


def _no_key(source: Source, error: _Error) -> Diagnostic | None:
    """A line without `: `, or a dash without a blank: YAML takes it for text that goes on in the next line."""
    problem = error.problem or ""
    if "expected ':'" in problem and error.context_mark:
        number = position(source, error.context_mark)[0]
    elif "mapping values" in problem:
        number = line_above(source, position(source, error.problem_mark)[0])
    else:
        return None
    head, text = split(source.line(number))
    better, message = _as_key(text)
    if not better:
        return None
    start = len(head) + 1
    return _at(source, number, (start, start + len(text)), message, f"write `{better}`")


def _as_key(text: str) -> tuple[str, str]:
    """What a line without a key was meant to be, and what is wrong with it; empty if it is something else."""
    if re.match(r"-[A-Za-z_\"']", text):
        return f"- {text[1:]}", "a `-` needs a blank behind it"
    if match := _NO_BLANK.match(text):
        return f"{match[1]}: {match[2]}", 'a key needs a blank behind its ":"'
    if _key_of(text) is None and (match := re.match(r"([A-Za-z_][\w.-]*)( \S.*)?\Z", text)):
        return f"{match[1]}:{match[2] or ''}", 'a key needs a ":" behind it'
    return "", ""


def _open_quote(source: Source, error: _Error) -> Diagnostic | None:
    help = "close it at the end of its value"
    line, column = position(source, error.context_mark)
    if "end of stream" in (error.problem or "") and "quoted" in (error.context or ""):
        return _at(source, line, (column, column + 1), "this quote is never closed", help)
    token = _last_quoted(source, error)
    if token is None or token.start_mark.line == token.end_mark.line:
        return None
    line, column = position(source, token.start_mark)
    end, end_column = position(source, token.end_mark)
    related = (Related("here", Span(source, end, end_column - 1, end, end_column)),)
    message = f"this quote is closed in line {end} only"
    return _at(source, line, (column, column + 1), message, help)._replace(related=related)


def _text_after_quote(source: Source, error: _Error) -> Diagnostic | None:
    """`'it's mine'`, `"a" b`; in brackets a comma is missing more likely."""
    token = _last_quoted(source, error)
    if token is None or "flow" in (error.context or ""):
        return None
    line, column = position(source, token.start_mark)
    value = _value_at(source.line(line), column)
    inner = value[1:-1] if len(value) > 1 and value[0] == value[-1] else value
    help = f"write {_quoted(inner)}, in quotes"
    return _at(source, line, (column, column + len(value)), "the quote ends before the value does", help)


def _last_quoted(source: Source, error: _Error) -> yaml.ScalarToken | None:
    """A text in quotes that ends in the line of the problem, and before it."""
    mark = error.problem_mark
    if mark is None or "did not find expected" not in (error.problem or ""):
        return None
    if not re.search("[\"']", source.line(mark.line + 1)):
        return None
    quoted = None
    for token in tokens(source.text):
        start = token.start_mark
        if (start.line, start.column) > (mark.line, mark.column):
            break
        if isinstance(token, yaml.ScalarToken) and token.style in ('"', "'"):
            end = token.end_mark
            if end.line == mark.line and end.column <= mark.column:
                quoted = token
    return quoted


def _bracket(source: Source, error: _Error) -> Diagnostic | None:
    problem, context = error.problem or "", error.context or ""
    line, column = position(source, error.problem_mark)
    here, sign = (column, column + 1), source.line(line)[column - 1 : column]
    mark = error.context_mark
    if "node content" in problem and "flow" in context:
        mark = None if sign else last_open_bracket(source.text)  # no sign: the end of the file
        if mark is None:
            return _at(source, line, here, "a value is missing here", "remove the `,` or write a value")
    elif "expected key" in problem and sign in ("]", "}"):
        return _at(source, line, here, f'this "{sign}" closes nothing', "remove it")
    elif "flow" not in context or "did not find expected ','" not in problem:
        return None
    opened, at = position(source, mark)
    bracket = source.line(opened)[at - 1 : at]
    closing = {"[": "]", "{": "}"}.get(bracket, bracket)
    if opened == line and sign:
        help = "put a `,` between two values, or quotes around the whole"
        return _at(source, line, here, f'a "," or the "{closing}" is missing here', help)
    message, help = f'this "{bracket}" is never closed', f"close it with `{closing}`"
    related = (Related("read up to here", Span(source, line, column, line, column + 1)),)
    return _at(source, opened, (at, at + 1), message, help)._replace(related=related)


def _escape(source: Source, error: _Error) -> Diagnostic | None:
    if "unknown escape" not in (error.problem or ""):
        return None
    line, column = position(source, error.context_mark)
    at = position(source, error.problem_mark)[0]
    value = re.match(r'"([^"]*)"', source.line(line)[column - 1 :])
    if at != line or value is None:
        return None
    message = "a `\\` in double quotes starts an escape, and there is none of this kind"
    return _at(
        source, line, (column, column + len(value[0])), message, f"write {_quoted(value[1])}, in quotes"
    )


def _dash_behind_key(source: Source, error: _Error) -> Diagnostic | None:
    if "block sequence entries" not in (error.problem or ""):
        return None
    line, column = position(source, error.problem_mark)
    value = _value_at(source.line(line), column)
    message = "an item of a list stands in a line of its own, or in brackets"
    return _at(source, line, (column, column + len(value)), message, f"write `[{value[1:].strip()}]`")


def _at(source: Source, line: int, columns: tuple[int, int], message: str, help: str | None) -> Diagnostic:
    return Diagnostic(Code.SYNTAX, message, Span(source, line, columns[0], line, columns[1]), help=help)


def _key_of(line: str) -> "re.Match[str] | None":
    return _KEY.match(line, len(split(line)[0]))


def _value_at(line: str, column: int) -> str:
    """The text that starts at a column: to the end of the line or, in brackets, of the item."""
    before, rest = line[: column - 1], re.split(r"\s#", line[column - 1 :])[0].rstrip()
    is_in_brackets = any(before.count(first) > before.count(last) for first, last in ("[]", "{}"))
    return re.split(r"[],}]", rest)[0].rstrip() if is_in_brackets else rest


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'" if '"' in text or "\\" in text else f'"{text}"'


_EXPLANATIONS: tuple[Callable[[Source, _Error], Diagnostic | None], ...] = (
    _conflict,
    _tab,
    _expression,
    written_as_elsewhere,
    _first_character,
    _second_colon,
    _no_key,
    _open_quote,
    _text_after_quote,
    _bracket,
    _escape,
    _dash_behind_key,
    wrong_indentation,
)
