"""The table of the trials of a step: which there are, in which order, and by which names."""

import json
from collections.abc import Hashable, Iterator, Sequence
from functools import cache
from itertools import chain, product
from math import prod

from automl.compiler.config.sweep import SweepConfig
from automl.compiler.diagnostics import Code, Diagnostic, has_errors
from automl.compiler.ir import Axis, Trial, Type
from automl.compiler.records import NamedTuple
from automl.compiler.source import Span
from automl.compiler.suggest import did_you_mean
from automl.compiler.tree import nodes
from automl.compiler.tree.budgets import MAX_CHARACTERS
from automl.compiler.tree.nodes import Mapping
from automl.compiler.trials.axes import Row, Sweep, too_long
from automl.compiler.trials.choices import choice_of, type_of
from automl.compiler.values.sha256 import sha256

_ENCODER = json.JSONEncoder(ensure_ascii=False)
_NAME_LENGTH = 10
_MOST_BEFORE_EXCLUDE = 65_536
_MOST_TASKS = 1_000_000  # the greatest limit that a config can ask for


class Table(NamedTuple):
    """The axes and the trials of a sweep; none if it has problems, or more than it may, which `length` tells."""

    axes: tuple[Axis, ...]
    trials: tuple[Trial, ...]
    length: int
    diagnostics: list[Diagnostic]


ALONE = Table((), (Trial("", ()),), 1, [])
"""The one trial of a step that has no sweep, for its folds."""


def table_of(config: SweepConfig, most: int) -> Table:
    """The trials of a sweep, which are not worked out if there are more than `most` of them."""
    sweep = Sweep(config)
    names, diagnostics = sweep.names, sweep.diagnostics
    count = prod(block.length for block in sweep.blocks) if sweep.blocks else 0
    may_be = max(most, _MOST_BEFORE_EXCLUDE) if config.exclude and most > 0 else most
    if has_errors(diagnostics) or count > may_be:
        return Table((), (), count, diagnostics)
    rows = _without(_product(sweep), names, config.exclude, diagnostics)
    rows += _included(names, config.include, diagnostics)
    types = [type_of(column) for column in zip(*rows, strict=True)]
    rows = _distinct(rows, types, config, diagnostics)
    diagnostics += _too_large(rows, config)
    if not rows and not has_errors(diagnostics):
        diagnostics.append(_nothing_left(config))
    if has_errors(diagnostics) or len(rows) > most:
        return Table((), (), len(rows), diagnostics)
    axes = tuple(Axis(name, type) for name, type in zip(names, types, strict=True))
    return Table(axes, tuple(_named(names, rows)), len(rows), diagnostics)


def _named(names: Sequence[str], rows: Sequence[Row]) -> Iterator[Trial]:
    """A trial for each row, named by the SHA-256 of its values by their names, as JSON with its keys sorted, and of nothing
    else that there is. If one would have the name of another before it, its name is longer."""
    quoted = cache(_ENCODER.encode)
    order = sorted(range(len(names)), key=names.__getitem__)
    keys = [f"{quoted(names[at])}:" for at in order]
    taken: set[str] = set()
    for row in rows:
        values = tuple(choice.text for choice in row)
        pairs = (key + quoted(values[at]) for key, at in zip(keys, order, strict=True))
        digest = sha256(f"{{{','.join(pairs)}}}".encode()).hexdigest()
        name = digest if digest[:_NAME_LENGTH] in taken else digest[:_NAME_LENGTH]
        taken.add(name)
        yield Trial(name[: 2 * _NAME_LENGTH], values)


def too_many(count: int, most: int, span: Span) -> Diagnostic:
    """That there would be more runs than the limit."""
    shown = f"{count:,}" if count < 10**12 else "more than a million million"
    message = f"these are {shown} runs, and the limit is {most:,}"
    help = "sweep less"
    if count <= _MOST_TASKS:
        help = f"raise it at the top of the file, `limits: {{max_tasks: {count}}}`, or sweep less"
    return Diagnostic(Code.TOO_MANY_TRIALS, message, span, help)


def _product(sweep: Sweep) -> list[Row]:
    if not sweep.blocks:
        return []
    return [tuple(chain(*parts)) for parts in product(*(block.rows() for block in sweep.blocks))]


def _mappings(node: nodes.Sequence | None) -> list[Mapping]:
    return [item for item in node.items if isinstance(item, Mapping)] if node else []


def _without(
    rows: list[Row], names: Sequence[str], exclude: nodes.Sequence | None, diagnostics: list[Diagnostic]
) -> list[Row]:
    """The rows but for those that are left out. What leaves out none is a slip."""
    excluded: dict[tuple[int, ...], dict[tuple[Hashable, ...], Mapping]] = {}  # by the axes that are named
    unused: dict[int, Mapping] = {}
    for item in _mappings(exclude):
        unknown = list(_unknown(item, names))
        diagnostics += unknown
        if not unknown:
            axes = tuple(names.index(name) for name in item.entries)
            values = tuple(choice_of(entry.value).own_identity for entry in item)
            unused[id(excluded.setdefault(axes, {}).setdefault(values, item))] = item
    kept = []
    for row in rows:
        left_out = [
            id(items[values])
            for axes, items in excluded.items()
            if (values := tuple(row[at].own_identity for at in axes)) in items
        ]
        for item_id in left_out:
            unused.pop(item_id, None)
        if not left_out:
            kept.append(row)
    diagnostics += map(_leaves_out_none, unused.values())
    return kept


def _leaves_out_none(item: Mapping) -> Diagnostic:
    help = "write the values as they stand in the lists, or leave it out"
    return Diagnostic(Code.UNUSED_KEY, "no trial has these values", item.span, help)


def _included(
    names: Sequence[str], include: nodes.Sequence | None, diagnostics: list[Diagnostic]
) -> Iterator[Row]:
    for item in _mappings(include):
        wrong = list(_unknown(item, names))
        missing = [name for name in names if name not in item.entries]
        if missing and not wrong:
            message = f'a trial has a value for every name, and this one has none for "{missing[0]}"'
            wrong.append(Diagnostic(Code.SWEEP, message, item.span, f"give it one, `{missing[0]}: …`"))
        diagnostics += wrong
        if not wrong:
            row = tuple(choice_of(item.entries[name].value) for name in names)
            diagnostics += too_long(row)
            yield row


def _unknown(item: Mapping, names: Sequence[str]) -> Iterator[Diagnostic]:
    for name, entry in item.entries.items():
        if name not in names:
            better = did_you_mean(name, names)
            help = f'did you mean "{better}"?' if better else f"it has {', '.join(names)}"
            yield Diagnostic(Code.SWEEP, f'the sweep has no "{name}"', entry.key.span, help)


def _distinct(
    rows: Sequence[Row], types: Sequence[Type], config: SweepConfig, diagnostics: list[Diagnostic]
) -> list[Row]:
    """Each trial once. What comes again by `include` or by chance is the same trial."""
    distinct: dict[tuple[Hashable, ...], Row] = {}
    for row in rows:
        values = tuple(choice.identity(type) for choice, type in zip(row, types, strict=True))
        distinct.setdefault(values, row)
    if again := len(rows) - len(distinct):
        are = "is" if again == 1 else "are"
        message = f"{again} of the {len(rows)} trials {are} there already, and run once"
        diagnostics.append(Diagnostic(Code.SAME_TRIAL, message, _place_of_same(config)))
    return list(distinct.values())


def _place_of_same(config: SweepConfig) -> Span:
    return config.random.samples.span if config.random else config.span


def _too_large(rows: Sequence[Row], config: SweepConfig) -> Iterator[Diagnostic]:
    size = sum(len(choice.text) for row in rows for choice in row)
    if size > MAX_CHARACTERS:
        message = f"the values of all trials have {size:,} characters; the limit is {MAX_CHARACTERS:,}"
        help = "put what is long into files of the project, and sweep their names"
        yield Diagnostic(Code.TOO_LARGE, message, config.span, help)


def _nothing_left(config: SweepConfig) -> Diagnostic:
    assert config.exclude, "each sweep has a trial before some are left out"
    return Diagnostic(Code.SWEEP, "no trial is left", config.exclude.span, "exclude less")
