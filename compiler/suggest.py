"""What a mistyped word was probably meant to be."""

from collections.abc import Iterable, Mapping


def did_you_mean(word: str, candidates: Iterable[str], synonyms: Mapping[str, str] = {}) -> str | None:
    """Return the candidate that `word` is probably a slip of, or None, in whatever order they are given.

    A synonym (lower case -> candidate) goes first. Otherwise a third of the letters may differ, one in any
    case, as counted by `distance` without regard to upper and lower case.
    """
    lower, known = word.lower(), set(candidates)
    if synonyms.get(lower) in known:
        return synonyms[lower]
    limit = max(1, len(word) // 3)
    near_in_length = (
        name for name in known if abs(len(name) - len(word)) <= limit
    )  # the rest is further away
    ranked = sorted(
        (distance(lower, name.lower()), name[:1].lower() != lower[:1], name) for name in near_in_length
    )
    near = (name for far, _, name in ranked if far <= limit and far < max(len(word), len(name)))
    return next(near, None)


def distance(one: str, other: str) -> int:
    """Count the letters to add, drop, change or swap with their neighbour (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                row[j] = min(row[j], last[j - 2] + 1)
    return row[-1]
