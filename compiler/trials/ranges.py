"""What is written as a range: numbers with steps between them, or an interval to draw from."""

from decimal import Decimal

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.records import NamedTuple
from automl.compiler.tree.nodes import Mapping, Scalar
from automl.compiler.trials.numbers import at_place, is_too_small, number_text, range_length
from automl.compiler.trials.sampling import Interval


class Steps(NamedTuple):
    """The first number, the last one, and what is between two of them; and how many there are."""

    ends: tuple[Decimal, Decimal, Decimal]
    length: int
    is_whole: bool


class Ranges:
    """Reads ranges. What is wrong with one is said, and it is read as well as it can be."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        self._diagnostics = diagnostics

    def steps(self, node: Mapping) -> Steps:
        """A range of a grid."""
        least, most, step = self._number(node, "min"), self._number(node, "max"), self._number(node, "step")
        is_whole = all(_is_whole(node, key) for key in ("min", "max", "step"))
        if not self._is_in_order(node, "value") or is_too_small(step):
            return Steps((least, least, Decimal(1)), 1, is_whole)
        length = range_length(least, most, step)
        last = at_place(least, step, length - 1)
        if last != most:
            text, written = number_text(last, is_whole), _scalar(node, "max")
            message = f'the steps end at {text}, and "max" is {written.text}'
            help = f"write `max: {text}`, or another `step`"
            self._diagnostics.append(Diagnostic(Code.RANGE_END, message, written.span, help))
        return Steps((least, most, step), length, is_whole)

    def interval(self, node: Mapping) -> Interval:
        """A range of a space."""
        least, most = self._number(node, "min"), self._number(node, "max")
        kind, is_log = _text(node, "type"), _text(node, "scale") == "log"
        are_whole = _is_whole(node, "min") and _is_whole(node, "max")
        self._is_in_order(node, "value")
        if kind == "int" and not are_whole:
            message = "a range of whole numbers has whole numbers at its ends"
            span = _scalar(node, "type").span
            self._diagnostics.append(Diagnostic(Code.SWEEP, message, span, "write `type: float`"))
        if is_log and least <= 0:
            message = f'"min" is {least}, and a logarithm is of what is above 0'
            help = "give a `min` above 0, or leave `scale` out"
            self._wrong(message, node, "min", help)
        return Interval(least, most, is_log, kind != "float" and are_whole, self._lengths(node))

    def _lengths(self, node: Mapping) -> tuple[int, int] | None:
        count = node.get("count")
        if not isinstance(count, Mapping):
            return None
        self._is_in_order(count, "length")
        return int(self._number(count, "min")), int(self._number(count, "max"))

    def _is_in_order(self, node: Mapping, what: str) -> bool:
        least, most = _scalar(node, "min"), _scalar(node, "max")
        if Decimal(least.text) <= Decimal(most.text):
            return True
        message = f'"min" is {least.text}, and "max" is {most.text}: no {what} is between them'
        self._wrong(message, node, "min", "swap them")
        return False

    def _number(self, node: Mapping, key: str) -> Decimal:
        number = Decimal(_scalar(node, key).text)
        if is_too_small(number):
            message = f'"{key}" is {number}, which no program can tell from 0'
            self._wrong(message, node, key, "give a greater number")
        return number

    def _wrong(self, message: str, node: Mapping, key: str, help: str) -> None:
        self._diagnostics.append(Diagnostic(Code.SWEEP, message, node.entries[key].key.span, help))


def _scalar(node: Mapping, key: str) -> Scalar:
    value = node.get(key)
    assert isinstance(value, Scalar), "the schema asks for a single value here"
    return value


def _is_whole(node: Mapping, key: str) -> bool:
    return isinstance(_scalar(node, key).value, int)


def _text(node: Mapping, key: str) -> str | None:
    value = node.get(key)
    return value.text if isinstance(value, Scalar) else None
