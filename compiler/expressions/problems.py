"""What is wrong with an expression, at a place in its text."""

from automl.compiler.diagnostics import Code
from automl.compiler.records import NamedTuple


class Problem(NamedTuple):
    """A finding before its place in the file is known; `start` and `end` are offsets in the text."""

    start: int
    end: int
    message: str
    help: str
    code: Code = Code.EXPRESSION


class ExpressionError(Exception):
    """An expression cannot be read on."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
