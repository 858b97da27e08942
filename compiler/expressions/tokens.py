"""The words and signs of an expression, and what people write instead of them."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from automl.compiler.enumerations import StrEnum
from automl.compiler.expressions.presence import OPEN
from automl.compiler.expressions.problems import ExpressionError, Problem
from automl.compiler.patterns import regex
from automl.compiler.records import NamedTuple
from automl.compiler.tree.scalars import MAY_BE_NUMBER, resolve

CLOSE = "}}"


class Kind(StrEnum):
    """What a token is."""

    NAME = "a name"
    NUMBER = "a number"
    TEXT = "a text"
    SIGN = "a sign"
    END = "the end"


class Token(NamedTuple):
    """A word or a sign, and where it stands in the text. That of a text in quotes is without them."""

    kind: Kind
    text: str
    start: int
    end: int


_NAME = regex(r"[^\W\d][\w-]*")
_BEHIND_A_DOT = regex(r"\s*([\w-]+)")
_NUMBER = regex(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?(?![\w.])")
_TEXT = regex(r"'(?:[^']|'')*'")
_SIGN = regex(r"===|!==|==|!=|<=|>=|<>|=>|=<|=~|&&|\|\||[!<>()\[\].,=&|]")
_DOUBLE_QUOTED = regex(r'"([^"{}]*)"')
_BLANKS = regex(r"\s*")
_INSTEAD: Mapping[str, str] = MappingProxyType(
    {"=": "==", "===": "==", "!==": "!=", "<>": "!=", "=>": ">=", "=<": "<=", "&": "&&", "|": "||"}
)
COMPUTE = "compute it in the step, or write the value itself"


def tokens_of(text: str, start: int) -> list[Token]:
    """The tokens of the expression whose `${{` stands at `start`; the last is its `}}`. Raises ExpressionError."""
    if text.find(CLOSE, start) < 0:
        raise ExpressionError(_never_closed(start))
    tokens: list[Token] = []
    at = start + len(OPEN)
    while True:
        at = _behind(_BLANKS, text, at)
        if text.startswith(CLOSE, at):
            return [*tokens, Token(Kind.END, CLOSE, at, at + len(CLOSE))]
        token = _token(text, at, tokens[-1] if tokens else None, start)
        tokens.append(token)
        at = token.end


def _behind(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _never_closed(start: int) -> Problem:
    return Problem(start, start + len(OPEN), f"this `{OPEN}` is never closed", f"close it with `{CLOSE}`")


def _token(text: str, at: int, before: Token | None, start: int) -> Token:
    """The token at a place. Behind a dot stands any name, also one that starts with a digit."""
    if before is not None and before.text == "." and (match := _BEHIND_A_DOT.match(text, at)):
        return Token(Kind.NAME, match[1], match.start(1), match.end())
    if not _is_behind_a_name(before, at) and (match := _number(text, at)):
        return Token(Kind.NUMBER, match[0], at, match.end())
    if match := _NAME.match(text, at):
        return Token(Kind.NAME, match[0], at, match.end())
    if (match := _SIGN.match(text, at)) and match[0] not in _INSTEAD:
        return Token(Kind.SIGN, match[0], at, match.end())
    if match := _TEXT.match(text, at):
        return Token(Kind.TEXT, match[0][1:-1].replace("''", "'"), at, match.end())
    raise ExpressionError(_no_token(text, at, start))


def _number(text: str, at: int) -> re.Match[str] | None:
    match = _NUMBER.match(text, at) if text[at : at + 1] in MAY_BE_NUMBER else None
    return match if match and isinstance(resolve(match[0]), int | float) else None


def _is_behind_a_name(before: Token | None, at: int) -> bool:
    """Whether `.5` is no number but what follows a name: `steps.5`."""
    return before is not None and before.end == at and (before.kind is Kind.NAME or before.text == "]")


def _no_token(text: str, at: int, start: int) -> Problem:
    """What is wrong with signs that are none, and what to write."""
    if at == len(text):
        return _never_closed(start)
    if match := _SIGN.match(text, at):
        instead = _INSTEAD[match[0]]
        return Problem(at, match.end(), f"there is no operator `{match[0]}`", f"did you mean `{instead}`?")
    if match := _DOUBLE_QUOTED.match(text, at):
        better = "'" + match[1].replace("'", "''") + "'"
        return Problem(at, match.end(), "a text stands in single quotes here", f"write {better}")
    if text.startswith("'", at):
        help = "close it with `'`; a quote within a text is written twice: `''`"
        return Problem(at, at + 1, "this text is never closed", help)
    if text.startswith(OPEN, at):
        return _inner(text, at, start)
    if text.startswith("{{", at):
        return Problem(at, at + 2, "braces stand around an expression once", "leave these out")
    if text[at] in "+-*/%":
        return Problem(at, at + 1, f"there is no arithmetic: `{text[at]}`", COMPUTE)
    if text[at].isdigit():
        return _no_number(text, at)
    help = f"in an expression stand {WORDS}"
    return Problem(at, at + 1, f'"{text[at]}" means nothing in an expression', help)


WORDS = "`params.x`, `steps.x.outputs.y`, `run.id`, values, and `== != < <= > >= && || !`"


def _inner(text: str, at: int, start: int) -> Problem:
    if text[start + len(OPEN) : at].strip():
        return _never_closed(start)
    return Problem(at, at + len(OPEN), f"`{OPEN}` stands around an expression once", "leave this one out")


def _no_number(text: str, at: int) -> Problem:
    match = re.compile(r"[\w.]+").match(text, at)
    end = match.end() if match else at + 1
    return Problem(at, end, f'"{text[at:end]}" is no number', f"a text stands in quotes: '{text[at:end]}'")
