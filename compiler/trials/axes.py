"""What a step sweeps: blocks of axes, of which each entry goes with each entry of the others."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from automl.compiler.config.sweep import RandomConfig, SweepConfig
from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.params.parameters import MAX_BYTES
from automl.compiler.records import NamedTuple
from automl.compiler.tree import nodes
from automl.compiler.tree.nodes import Entry, Mapping
from automl.compiler.tree.scalars import resolve
from automl.compiler.trials.choices import Choice, choices_of, first_twice
from automl.compiler.trials.numbers import number_text, range_of
from automl.compiler.trials.ranges import Ranges
from automl.compiler.trials.sampling import Draws, Space, drawn

Row: TypeAlias = tuple[Choice, ...]


class Block(NamedTuple):
    """Axes that go together, and how many entries they have; `rows` works them out, a tuple of values for each."""

    axes: tuple[str, ...]
    length: int
    rows: Callable[[], Sequence[Row]]


class Sweep:
    """The blocks of a sweep in their order: each axis of the grid, the zip, the samples. Problems are among the diagnostics."""

    def __init__(self, config: SweepConfig) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.names = tuple(name for name, _ in config.axes)
        self._ranges = Ranges(self.diagnostics)
        self.blocks = list(self._blocks(config))

    def _blocks(self, config: SweepConfig) -> Iterator[Block]:
        for name, entry in config.grid.entries.items() if config.grid else ():
            yield self._of_grid(name, entry)
        if config.zip:
            yield from self._of_zip(config.zip)
        if config.random:
            yield self._of_random(config.random)

    def _of_grid(self, name: str, entry: Entry) -> Block:
        if not isinstance(entry.value, Mapping):
            rows = [(choice,) for choice in self._distinct(entry.value)]
            return Block((name,), len(rows), lambda: rows)
        steps, span = self._ranges.steps(entry.value), entry.value.span

        def numbers() -> list[Row]:
            texts = [number_text(number, steps.is_whole) for number in range_of(*steps.ends)]
            return [(Choice(text, resolve(text), span),) for text in texts]

        return Block((name,), steps.length, numbers)

    def _distinct(self, node: nodes.Node) -> list[Choice]:
        """The values of a list, none of which is there twice."""
        choices = self._values(node)
        if twice := first_twice(choices):
            again, before = twice
            message = f'"{again.text}" stands there twice, and would be one trial'
            related = (Related("the first time", before.span),)
            self.diagnostics.append(
                Diagnostic(Code.SWEEP, message, again.span, "leave one of them out", related)
            )
        return choices

    def _values(self, node: nodes.Node) -> list[Choice]:
        choices = choices_of(node)
        self.diagnostics += too_long(choices)
        return choices

    def _of_zip(self, node: Mapping) -> Iterator[Block]:
        columns = [self._values(entry.value) for entry in node]
        first = next(iter(node))
        for entry, column in zip(node, columns, strict=True):
            if len(column) != len(columns[0]):
                message = (
                    f'"{entry.key.text}" has {_values(column)}, and "{first.key.text}" has {len(columns[0])}: '
                    "they are walked together"
                )
                related = (Related("the first list", first.key.span),)
                help = "give each as many values, or write them under `grid`"
                self.diagnostics.append(Diagnostic(Code.SWEEP, message, entry.key.span, help, related))
                return
        rows = list(zip(*columns, strict=True))
        yield Block(tuple(node.entries), len(rows), lambda: rows)

    def _of_random(self, config: RandomConfig) -> Block:
        spaces = {name: self._space(entry.value) for name, entry in config.space.entries.items()}

        def samples() -> list[Row]:
            return [
                tuple(
                    drawn(space, Draws(config.seed, sample, name), config.span)
                    for name, space in spaces.items()
                )
                for sample in range(config.samples.value)
            ]

        return Block(tuple(spaces), config.samples.value, samples)

    def _space(self, node: nodes.Node) -> Space:
        return self._ranges.interval(node) if isinstance(node, Mapping) else self._distinct(node)


def too_long(choices: Sequence[Choice]) -> Iterator[Diagnostic]:
    """Values that no variable should have, as with parameters."""
    for choice in choices:
        if len(choice.text.encode()) > MAX_BYTES:
            message = f"a value is longer than {MAX_BYTES // 1024} KiB"
            help = "put what is long into files of the project, and sweep their names"
            yield Diagnostic(Code.SWEEP, message, choice.span, help)


def _values(column: Sequence[Choice]) -> str:
    return f"{len(column)} value{'s' * (len(column) != 1)}"
