"""On how many examples a property is tried: on all of them by `make test`, on a tenth by `make check`."""

from hypothesis import settings

_ALL = 100  # what Hypothesis does when nothing is said
_FEWEST = 5
settings.register_profile("check", max_examples=_ALL // 10)


def examples(count: int) -> int:
    """The part of a number of examples that the profile of this run wants."""
    wanted = settings().max_examples
    return max(count * wanted // _ALL, min(count, _FEWEST))
