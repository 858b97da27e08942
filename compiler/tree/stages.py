"""The two forms of a stage: the list of its steps, or keys of which `steps` has that list.

What looks at a tree before all of it is in its long form asks here where the steps are.
"""

from typing import TypeAlias

from automl.compiler.records import NamedTuple
from automl.compiler.tree.nodes import Entry, Mapping, Node, Scalar, Sequence

STAGES, STEPS = "stages", "steps"
Path: TypeAlias = list[str | int]


class Place(NamedTuple):
    """Where a path below `stages` leads: to a stage, to one of its steps, or to the keys within either."""

    stage: str
    step: int | None
    keys: Path


def place_of(path: Path) -> Place | None:
    """The place that a path leads to; None if it does not lead to a stage. The list of the steps is the stage."""
    if path[:1] != [STAGES] or len(path) < 2:
        return None
    stage, *inner = path[1:]
    inner = inner[1:] if inner[:1] == [STEPS] else inner
    if inner and isinstance(inner[0], int):
        return Place(str(stage), inner[0], inner[1:])
    return Place(str(stage), None, inner)


def steps_of(stage: Node) -> Sequence | None:
    """The steps of a stage in either form; None if it has neither."""
    steps = stage.get(STEPS) if isinstance(stage, Mapping) else stage
    return steps if isinstance(steps, Sequence) else None


def with_steps(stage: Node, items: list[Node]) -> Node:
    """The stage in its own form, with other steps."""
    if isinstance(stage, Sequence):
        return Sequence(stage.span, items)
    assert isinstance(stage, Mapping), "a stage that has steps is a list, or has keys"
    entry = stage.entries[STEPS]
    return Mapping(stage.span, stage.entries | {STEPS: Entry(entry.key, Sequence(entry.value.span, items))})


def long_stage(stage: Node) -> Mapping:
    """The stage as keys; what it does not have itself stands where its list stands."""
    if isinstance(stage, Mapping):
        return stage
    return Mapping(stage.span, {STEPS: Entry(Scalar(STEPS, STEPS, stage.span), stage)})
