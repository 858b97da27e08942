"""The values that an axis may have, each as the text that a program gets."""

import json
from collections.abc import Hashable, Iterable, Sequence
from decimal import Decimal

from automl.compiler.ir import Type
from automl.compiler.records import NamedTuple
from automl.compiler.source import Span
from automl.compiler.tree import nodes
from automl.compiler.tree.nodes import to_plain

_NUMBERS = (Type.INT, Type.FLOAT)
_TYPES = {bool: Type.BOOL, int: Type.INT, float: Type.FLOAT, list: Type.JSON}


class Choice(NamedTuple):
    """One value. `plain` is what it is in YAML, for two that are the same in other words."""

    text: str
    plain: object
    span: Span

    @property
    def type(self) -> Type:
        """The type that it has by itself."""
        return _TYPES.get(type(self.plain), Type.TEXT)

    def identity(self, type: Type) -> Hashable:
        """The same for two that no program could tell apart, on an axis of a type: 1 and 1.0 are, as numbers."""
        if type in _NUMBERS:
            return Decimal(self.text)
        return bool(self.plain) if type is Type.BOOL else self.text

    @property
    def own_identity(self) -> Hashable:
        """The same for two that mean the same where they are written: 1 and 1.0 do, 1 and "1" do not."""
        is_number = self.type in _NUMBERS
        return (Type.FLOAT if is_number else self.type, self.identity(self.type))


def choice_of(node: nodes.Node) -> Choice:
    """What a single value, or a list of them, stands for."""
    plain = to_plain(node)
    text = node.text if isinstance(node, nodes.Scalar) else json.dumps(plain, ensure_ascii=False)
    return Choice(text, plain, node.span)


def choices_of(node: nodes.Node) -> list[Choice]:
    """The values of a list, or the only one."""
    return [choice_of(item) for item in (node.items if isinstance(node, nodes.Sequence) else (node,))]


def type_of(choices: Iterable[Choice]) -> Type:
    """The type that all of some values have: numbers are one of them, and what is mixed is text."""
    types = {choice.type for choice in choices}
    if types == {*_NUMBERS}:
        return Type.FLOAT
    return types.pop() if len(types) == 1 else Type.TEXT


def first_twice(choices: Sequence[Choice]) -> tuple[Choice, Choice] | None:
    """The first value that stands there again, and where it stood before."""
    seen: dict[Hashable, Choice] = {}
    type = type_of(choices)
    for choice in choices:
        other = seen.setdefault(choice.identity(type), choice)
        if other is not choice:
            return choice, other
    return None
