"""From the text of a scalar to its parts: text, and expressions as trees that know their places in it."""

from collections.abc import Callable
from typing import TypeAlias

from automl.compiler.expressions.presence import OPEN
from automl.compiler.expressions.problems import ExpressionError, Problem
from automl.compiler.expressions.tokens import CLOSE, COMPUTE, WORDS, Kind, Token, tokens_of
from automl.compiler.records import Record

MAX_DEPTH = 50
EQUALITY, ORDER = ("==", "!="), ("<", "<=", ">", ">=")
_WORDS_OF_OTHERS = {"and": "&&", "or": "||", "eq": "==", "is": "==", "ne": "!="}


class Literal(Record):
    """A value that stands there; `kind` says whether it is a number, a text, or a name: `true` or `false`."""

    kind: Kind
    text: str
    start: int
    end: int


class Reference(Record):
    """Names behind each other: `params.lr`."""

    names: tuple[str, ...]
    start: int
    end: int


class Call(Record):
    """A function and what it is given."""

    name: str
    arguments: "tuple[Tree, ...]"
    start: int
    end: int


class Operation(Record):
    """Operands with one operator between them, or before the only one."""

    operator: str
    operands: "tuple[Tree, ...]"
    start: int
    end: int


Tree: TypeAlias = Literal | Reference | Call | Operation


class Expression(Record):
    """`${{ tree }}`, from its first sign to its last."""

    tree: Tree
    start: int
    end: int


def parts_of(text: str) -> list[str | Expression | Problem]:
    """Texts and expressions in their order; for an expression that cannot be read, what is wrong with it."""
    parts: list[str | Expression | Problem] = []
    at = 0
    while (start := text.find(OPEN, at)) >= 0:
        parts += [text[at:start]] if start > at else []
        try:
            tokens = tokens_of(text, start)
            parts.append(Expression(_Parser(tokens, text).whole(), start, tokens[-1].end))
            at = tokens[-1].end
        except ExpressionError as error:
            parts.append(error.problem)
            end = text.find(CLOSE, max(error.problem.end, start + len(OPEN)))
            at = end + len(CLOSE) if end >= 0 else len(text)
    return parts + ([text[at:]] if at < len(text) else [])


class _Parser:
    """Reads tokens by the grammar: `||` binds least, then `&&`, comparisons (which are not chained), and `!`."""

    def __init__(self, tokens: list[Token], text: str) -> None:
        self._tokens, self._text = tokens, text
        self._at = self._depth = 0

    def whole(self) -> Tree:
        """The tree of all tokens."""
        if len(self._tokens) == 1:
            raise _error(self._next, "the expression is empty", f"in it stand {WORDS}")
        tree = self._either()
        if self._at < len(self._tokens) - 1:
            raise self._unexpected(tree)
        return tree

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        self._at += token.kind is not Kind.END
        return token

    def _takes(self, *signs: str) -> bool:
        is_there = self._next.kind is Kind.SIGN and self._next.text in signs
        self._at += is_there
        return is_there

    def _either(self) -> Tree:
        return self._joined("||", lambda: self._joined("&&", self._comparison))

    def _joined(self, operator: str, operand: Callable[[], Tree]) -> Tree:
        operands = [operand()]
        while self._takes(operator):
            operands.append(operand())
        return operands[0] if len(operands) == 1 else _operation(operator, operands)

    def _comparison(self) -> Tree:
        left = self._operand()
        operator = self._next.text
        if not self._takes(*EQUALITY, *ORDER):
            return left
        tree = _operation(operator, [left, self._operand()])
        if self._next.kind is Kind.SIGN and self._next.text in EQUALITY + ORDER:
            help = "write both comparisons, with `&&` between them"
            raise _error(self._next, "comparisons cannot be chained", help)
        return tree

    def _operand(self) -> Tree:
        self._depth += 1
        token = self._next
        if self._depth > MAX_DEPTH:
            raise _error(token, f"nested deeper than {MAX_DEPTH} levels", COMPUTE)
        tree = self._negation(token) if self._takes("!") else self._primary()
        self._depth -= 1
        return tree

    def _negation(self, token: Token) -> Tree:
        operand = self._operand()
        return Operation("!", (operand,), token.start, operand.end)

    def _primary(self) -> Tree:
        token = self._take()
        if token.kind in (Kind.NUMBER, Kind.TEXT):
            return Literal(token.kind, token.text, token.start, token.end)
        if token.kind is Kind.NAME:
            return self._named(token)
        if token.text != "(":
            raise self._no_value(token)
        tree = self._either()
        if not self._takes(")"):
            raise _error(token, "this `(` is never closed", "close it with `)`")
        return tree

    def _named(self, token: Token) -> Tree:
        if token.text in ("true", "false") and self._next.text not in (".", "["):
            return Literal(token.kind, token.text, token.start, token.end)
        if token.text == "not":
            raise _error(token, "there is no operator `not`", "did you mean `!`?")
        if self._takes("("):
            return self._call(token)
        names, end = [token.text], token.end
        while (dot := self._next) and self._takes(".", "["):
            name = self._take()
            if name.kind is not (Kind.NAME if dot.text == "." else Kind.TEXT):
                example = "a name, as in `params.x`" if dot.text == "." else "a text: `steps['train/fit']`"
                raise _error(name, f"a name is missing behind `{dot.text}`", f"behind it stands {example}")
            end = name.end if dot.text == "." else self._closed(dot)
            names.append(name.text)
        return Reference(tuple(names), token.start, end)

    def _closed(self, bracket: Token) -> int:
        end = self._next.end
        if not self._takes("]"):
            raise _error(bracket, "this `[` is never closed", "close it with `]`")
        return end

    def _call(self, name: Token) -> Tree:
        arguments: list[Tree] = []
        while not self._takes(")"):
            arguments.append(self._either())
            if not self._takes(",") and self._next.text != ")":
                raise _error(self._next, "a `,` or a `)` is missing here", "close the function with `)`")
        return Call(name.text, tuple(arguments), name.start, self._tokens[self._at - 1].end)

    def _unexpected(self, tree: Tree) -> ExpressionError:
        token = self._next
        if better := _WORDS_OF_OTHERS.get(token.text.lower() if token.kind is Kind.NAME else ""):
            return _error(token, f"there is no operator `{token.text}`", f"did you mean `{better}`?")
        if token.text == ")":
            return _error(token, "this `)` closes nothing", "leave it out")
        if token.kind is Kind.NUMBER and token.text[0] in "+-":
            return _error(token, f"there is no arithmetic: `{token.text[0]}`", COMPUTE)
        before = self._text[tree.start : tree.end]
        help = "an operator is missing before it: `== != < <= > >= && ||`"
        if before.endswith("'") and tree.end == token.start:
            help = "a quote within a text is written twice: `''`"
        return _error(token, f"`{self._text[token.start : token.end]}` cannot follow `{before}`", help)

    def _no_value(self, token: Token) -> ExpressionError:
        shown = self._text[token.start : token.end]
        return _error(token, f"a value is missing before `{shown}`", f"in an expression stand {WORDS}")


def _operation(operator: str, operands: list[Tree]) -> Operation:
    return Operation(operator, tuple(operands), operands[0].start, operands[-1].end)


def _error(token: Token, message: str, help: str) -> ExpressionError:
    return ExpressionError(Problem(token.start, token.end, message, help))
