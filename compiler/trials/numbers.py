"""Exact decimal numbers: the steps of a range, and how a number is written."""

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Context, Decimal

ROUNDED = Context(prec=50, rounding=ROUND_HALF_EVEN)
"""Its `ln` and `exp` are correctly rounded too, so they are the same on every machine."""
_EXACT = Context(prec=1500)
"""No sum of numbers that a config may have has more digits: they have 300, from 1e-324 to 1e308."""


def is_too_small(number: Decimal) -> bool:
    """Whether no program could tell it from 0."""
    return bool(number) and not float(number)


def number_text(number: Decimal, is_whole: bool) -> str:
    """A number as YAML and JSON write it: one that is not whole by its type has a point."""
    if is_whole:
        return str(int(number))
    digits = number.normalize(_EXACT)
    if digits and not -5 < digits.adjusted() < 16:
        mantissa, _, exponent = f"{digits:e}".partition("e")
        return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{int(exponent):+03d}"
    text = f"{digits:f}"
    return text if "." in text else f"{text}.0"


def range_length(least: Decimal, most: Decimal, step: Decimal) -> int:
    """How many numbers there are from one to the other; 0 if that is below the first."""
    if most < least:
        return 0
    return int(_EXACT.divide_int(_EXACT.subtract(most, least), step)) + 1


def at_place(least: Decimal, step: Decimal, place: int) -> Decimal:
    """The number at a place of a range, counted from 0."""
    return _EXACT.add(least, _EXACT.multiply(step, Decimal(place)))


def range_of(least: Decimal, most: Decimal, step: Decimal) -> Iterator[Decimal]:
    """The numbers from one to the other, with both if the steps lead there."""
    for place in range(range_length(least, most, step)):
        yield at_place(least, step, place)
