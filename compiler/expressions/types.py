"""Which type an expression has, and where its types do not go together."""

from collections.abc import Sequence

from automl.compiler.diagnostics import Code
from automl.compiler.expressions.problems import ExpressionError, Problem
from automl.compiler.expressions.scope import OfFold, OfTrial, Parameters, meaning_of
from automl.compiler.expressions.syntax import EQUALITY, ORDER, Call, Literal, Operation, Reference, Tree
from automl.compiler.expressions.tokens import COMPUTE, Kind
from automl.compiler.ir import Parameter, Type
from automl.compiler.tree.scalars import resolve

_NUMBERS = (Type.INT, Type.FLOAT)
_WORDS = {Type.TEXT: "a text", Type.INT: "a number", Type.FLOAT: "a number", Type.BOOL: "true or false"}


def type_of(tree: Tree, params: Parameters, problems: list[Problem]) -> Type | None:
    """The type of a tree whose value is known; None if there is none, which is among the problems or said elsewhere."""
    if isinstance(tree, Literal):
        return type_of_literal(tree)
    if isinstance(tree, Reference | Call):
        return _type_of_reference(tree, params, problems)
    types = [type_of(operand, params, problems) for operand in tree.operands]
    problems += _misfits(tree, types)
    return Type.BOOL


def type_of_literal(literal: Literal) -> Type:
    """The type of a value that is written in an expression."""
    if literal.kind is Kind.NUMBER:
        return Type.INT if isinstance(resolve(literal.text), int) else Type.FLOAT
    return Type.TEXT if literal.kind is Kind.TEXT else Type.BOOL


def _type_of_reference(tree: Reference | Call, params: Parameters, problems: list[Problem]) -> Type | None:
    try:
        meaning = meaning_of(tree, params)
    except ExpressionError as error:
        problems.append(error.problem)
        return None
    if meaning is None or isinstance(meaning, Parameter):
        return meaning and meaning.type
    when = "in a trial" if isinstance(meaning, OfTrial | OfFold) else "when the workflow runs"
    message = f"a value that is known only {when} can be handed on, and not be computed with yet"
    problems.append(Problem(tree.start, tree.end, message, "hand it to the step, and compute there"))
    return None


def _misfits(tree: Operation, types: Sequence[Type | None]) -> list[Problem]:
    """What the operator does not take, with what it takes."""
    if tree.operator in EQUALITY:
        words = [_WORDS[type] for type in types if type]
        if len(words) < 2 or words[0] == words[1]:
            return []
        message = f"`{tree.operator}` compares values of one type, not {words[0]} with {words[1]}"
        return [_misfit(tree, message, _help_for_equality(tree, types))]
    wanted, what = (
        (_NUMBERS, "numbers") if tree.operator in ORDER else ((Type.BOOL,), "what is true or false")
    )
    verb = "compares" if tree.operator in ORDER else "takes"
    help = COMPUTE if tree.operator in ORDER else "compare it with a value: `params.x == 'a'`"
    return [
        _misfit(operand, f"`{tree.operator}` {verb} {what}, and this is {_WORDS[type]}", help)
        for operand, type in zip(tree.operands, types, strict=True)
        if type and type not in wanted
    ]


def _help_for_equality(tree: Operation, types: Sequence[Type | None]) -> str:
    for operand, other in zip(tree.operands, reversed(types), strict=True):
        if isinstance(operand, Literal) and other is Type.TEXT:
            return f"a text stands in quotes: '{operand.text}'"
        if isinstance(operand, Literal) and operand.kind is Kind.TEXT:
            return "a number, true and false stand there without quotes"
    return "declare both under `params` with the same `type`"


def _misfit(tree: Tree, message: str, help: str) -> Problem:
    return Problem(tree.start, tree.end, message, help, Code.EXPRESSION_TYPE)
