"""What an expression is whose values are all known."""

from collections.abc import Callable, Mapping
from operator import eq, ge, gt, le, lt, ne
from types import MappingProxyType
from typing import Any

from automl.compiler.expressions.scope import Parameters, meaning_of
from automl.compiler.expressions.syntax import Literal, Operation, Reference, Tree
from automl.compiler.expressions.types import type_of_literal
from automl.compiler.ir import Parameter, Type
from automl.compiler.records import NamedTuple
from automl.compiler.tree.scalars import resolve

Plain = bool | int | float | str | None


class Value(NamedTuple):
    """A value of a type; the text is as it was written."""

    type: Type
    text: str

    @property
    def plain(self) -> Plain:
        """The same as a value of Python's."""
        return self.text if self.type is Type.TEXT else resolve(self.text)


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
)


def evaluate(tree: Tree, params: Parameters) -> Value:
    """The value of a tree without problems, all of whose parameters have a value."""
    if isinstance(tree, Literal):
        return Value(type_of_literal(tree), tree.text)
    if isinstance(tree, Reference):
        parameter = meaning_of(tree, params)
        assert isinstance(parameter, Parameter), "what is known only in a run is not computed with"
        return Value(parameter.type, parameter.text)
    assert isinstance(tree, Operation), "there are no functions yet"
    values = [evaluate(operand, params).plain for operand in tree.operands]
    return Value(Type.BOOL, "true" if _holds(tree.operator, values) else "false")


def _holds(operator: str, values: list[Plain]) -> bool:
    if operator == "!":
        return not values[0]
    if operator in ("&&", "||"):
        return all(values) if operator == "&&" else any(values)
    return _COMPARISONS[operator](*values)
