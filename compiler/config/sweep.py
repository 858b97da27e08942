"""The `sweep` and the `cross_validation` of a step. What has names of the user's own stays a tree."""

from collections.abc import Iterator

from automl.compiler.records import NamedTuple
from automl.compiler.source import Located, Span
from automl.compiler.tree.nodes import Mapping, Node, Scalar, Sequence


class RandomConfig(NamedTuple):
    """So many samples of a space."""

    samples: Located[int]
    seed: int
    space: Mapping
    span: Span


class ObjectiveConfig(NamedTuple):
    """What a trial is judged by. `goal` is maximize or minimize."""

    metric: Located[str]
    goal: str
    span: Span


class SweepConfig(NamedTuple):
    """Which trials there are, how they run, and which is the best."""

    grid: Mapping | None
    zip: Mapping | None
    random: RandomConfig | None
    include: Sequence | None
    exclude: Sequence | None
    max_parallel: int | None
    max_failed: int
    objective: ObjectiveConfig | None
    span: Span

    @property
    def axes(self) -> Iterator[tuple[str, Span]]:
        """What differs between the trials, and where it stands: in `include` alone, if nothing else is there."""
        parts = (self.grid, self.zip, self.random.space if self.random else None)
        included = (
            [item for item in self.include.items[:1] if isinstance(item, Mapping)] if self.include else []
        )
        for part in [part for part in parts if part] or included:
            yield from ((name, entry.key.span) for name, entry in part.entries.items())

    @property
    def values(self) -> Iterator[tuple[str | None, Scalar]]:
        """All that is written as a value, each with the key that it stands behind."""
        space = self.random.space if self.random else None
        for part in (self.grid, self.zip, space, self.include, self.exclude):
            yield from _scalars(part) if part else ()


def _scalars(node: Node, name: str | None = None) -> Iterator[tuple[str | None, Scalar]]:
    """Single values with the key that they, or the list that they are in, stand behind."""
    if isinstance(node, Scalar):
        yield name, node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _scalars(item, name)
    else:
        for key, entry in node.entries.items():
            yield from _scalars(entry.value, key)


class CrossValidationConfig(NamedTuple):
    """How many folds there are, or the file that says so."""

    folds: int | None
    indices: Located[str] | None
    span: Span
