"""Who may run now on a machine that runs share: a rule that knows no file, no process and no clock.

Runs come by their priority, then by their arrival. One for which there is no room is passed by those behind it for
which there is; the first one of each priority only until PASSES that have arrived after it have begun before it. Then
it is the next, and nothing else begins before it. So a big run and one of low priority have their turn, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

PRIORITIES = ("high", "normal", "low")
PASSES = 8
SHOWN = 3  # of the runs that another waits for, so many are named


class Share(NamedTuple):
    """What a run takes of the machine while it runs."""

    cpu: int = 0  # millicores
    memory: int = 0  # bytes
    gpus: int = 0


@dataclass(frozen=True)
class Row:
    """A run that waits, or runs."""

    number: int  # the later it has arrived, the higher
    run: str
    share: Share
    priority: str = "normal"
    choices: tuple[str, ...] = ()  # the GPUs that it can have
    passed: int = 0  # so many have passed it, since it was the first of its priority
    has: tuple[str, ...] | None = None  # its GPUs; None as long as it waits


def after_all_turns(rows: Sequence[Row], cpu: int, memory: int) -> list[Row]:
    """The rows of a machine with so much, in the order of their arrival, when all have begun that may run now."""
    rows = sorted(rows, key=lambda row: row.number)
    while row := _next(rows, Share(cpu, memory)):
        firsts = {first.number for first in _firsts(rows) if first.number < row.number}
        begun = replace(row, has=_free_gpus(row, rows)[: row.share.gpus])
        rows = [
            begun if other is row else replace(other, passed=other.passed + (other.number in firsts))
            for other in rows
        ]
    return rows


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Those that wait, in the order in which they would begin if there were always room for one of them."""
    waiting = sorted((row for row in rows if row.has is None), key=lambda row: row.number)
    return sorted(waiting, key=lambda row: -1 if _is_next(row) else PRIORITIES.index(row.priority))


def reason(row: Row, rows: Sequence[Row], cpu: int, memory: int) -> str:
    """Why one that waits does so, when all have begun that may run now: for what, and for whom."""
    lacks = _lacks(row, rows, Share(cpu, memory))
    kinds = [kind for kind, amount in enumerate(lacks) if amount]
    those = [other for other in rows if other.has is not None and any(other.share[kind] for kind in kinds)]
    if not kinds:
        those = [other for other in in_order(rows) if _is_next(other)][:1]
    names = [other.run for other in those[:SHOWN]] + ["others"] * (len(those) > SHOWN)
    words = [f"for {said(lacks)}"] * any(lacks) + [f"behind {', '.join(names)}"] * bool(names)
    return ", ".join(words) or "for its turn"


def said(needs: Share) -> str:
    """The words for what something needs."""
    words = [f"{needs.gpus} GPU{'s' * (needs.gpus > 1)}"] if needs.gpus else []
    words += [f"{needs.cpu / 1000:g} CPU{'s' * (needs.cpu > 1000)}"] if needs.cpu else []
    words += [f"{needs.memory / 1e9:.3g} GB of memory"] if needs.memory else []
    return " and ".join(words)


def _next(rows: Sequence[Row], machine: Share) -> Row | None:
    """The one that begins now, if one may."""
    for row in in_order(rows):
        if not any(_lacks(row, rows, machine)):
            return row
        if _is_next(row):
            return None
    return None


def _is_next(row: Row) -> bool:
    return row.passed >= PASSES


def _firsts(rows: Sequence[Row]) -> list[Row]:
    """Of each priority the one that has waited the longest."""
    waiting = [row for row in rows if row.has is None]
    return [
        next(row for row in waiting if row.priority == name) for name in {row.priority for row in waiting}
    ]


def _lacks(row: Row, rows: Sequence[Row], machine: Share) -> Share:
    """What a run needs of the kinds of which not enough is free."""
    running = [other.share for other in rows if other.has is not None]
    free = Share(
        machine.cpu - sum(needs.cpu for needs in running),
        machine.memory - sum(needs.memory for needs in running),
        len(_free_gpus(row, rows)),
    )
    return Share(*(need if need > rest else 0 for need, rest in zip(row.share, free)))


def _free_gpus(row: Row, rows: Sequence[Row]) -> tuple[str, ...]:
    taken = {gpu for other in rows for gpu in other.has or ()}
    return tuple(gpu for gpu in row.choices if gpu not in taken)
