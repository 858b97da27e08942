"""Samples of a space, by a generator of our own, which `docs/trials.md` specifies with test vectors.

A draw depends on the seed, the number of the sample, the name of the axis and a place, and on nothing else: more samples
leave the first ones as they are, and another axis changes no other.
"""

from decimal import Decimal
from typing import TypeAlias

from automl.compiler.records import NamedTuple
from automl.compiler.source import Span
from automl.compiler.tree.scalars import resolve
from automl.compiler.trials.choices import Choice
from automl.compiler.trials.numbers import ROUNDED, number_text
from automl.compiler.values.sha256 import sha256

_BITS = 64
_DIGITS = 6


class Draws(NamedTuple):
    """The draws for one axis in one sample."""

    seed: int
    sample: int
    axis: str

    def bits(self, place: int) -> int:
        """64 random bits: the first of the SHA-256 of the four, with blanks between them."""
        text = f"{self.seed} {self.sample} {self.axis} {place}"
        return int.from_bytes(sha256(text.encode()).digest()[: _BITS // 8], "big")

    def below(self, count: int, place: int) -> int:
        """A whole number from 0 on, below another."""
        return self.bits(place) * count >> _BITS

    def fraction(self, place: int) -> Decimal:
        """A number from 0 on, below 1."""
        return ROUNDED.divide(Decimal(self.bits(place)), Decimal(1 << _BITS))


class Interval(NamedTuple):
    """From where to where, with both ends; `lengths` is how many values make one, None is a single one."""

    least: Decimal
    most: Decimal
    is_log: bool
    is_whole: bool
    lengths: tuple[int, int] | None

    def text(self, draws: Draws) -> str:
        """The value that is drawn."""
        if self.lengths is None:
            return self._number(draws, 0)
        fewest, most = self.lengths
        length = fewest + draws.below(most - fewest + 1, 0)
        return f"[{', '.join(self._number(draws, place) for place in range(1, length + 1))}]"

    def _number(self, draws: Draws, place: int) -> str:
        if self.is_whole and not self.is_log:
            least, most = int(self.least), int(self.most)
            return str(least + draws.below(most - least + 1, place))
        end = Decimal(int(self.most) + 1) if self.is_whole else self.most
        number = self._between(self.least, end, draws.fraction(place))
        number = Decimal(int(number)) if self.is_whole else _rounded(number)
        return number_text(min(max(number, self.least), self.most), self.is_whole)

    def _between(self, least: Decimal, end: Decimal, fraction: Decimal) -> Decimal:
        if not self.is_log:
            return ROUNDED.add(least, ROUNDED.multiply(fraction, ROUNDED.subtract(end, least)))
        low, high = ROUNDED.ln(least), ROUNDED.ln(end)
        return ROUNDED.exp(ROUNDED.add(low, ROUNDED.multiply(fraction, ROUNDED.subtract(high, low))))


Space: TypeAlias = Interval | list[Choice]


def drawn(space: Space, draws: Draws, span: Span) -> Choice:
    """What is drawn from a space: of a list one of its values, of an interval a number, or a list of them."""
    if not isinstance(space, Interval):
        return space[draws.below(len(space), 0)]
    text = space.text(draws)
    return Choice(text, [] if space.lengths else resolve(text), span)


def _rounded(number: Decimal) -> Decimal:
    """The number with six significant digits: nobody means more."""
    if not number:
        return number
    return number.quantize(Decimal(1).scaleb(number.adjusted() - _DIGITS + 1), context=ROUNDED)
