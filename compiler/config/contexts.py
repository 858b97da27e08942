"""The `contexts` of a config."""

from typing import Annotated, NamedTuple

from automl.compiler.config.binding import bind
from automl.compiler.config.kinds import NAMED
from automl.compiler.diagnostics import Diagnostic
from automl.compiler.source import Span
from automl.compiler.tree.nodes import Entry, Mapping

CONTEXTS = "contexts"


class Context(NamedTuple):
    """A place to run a workflow, by its name; without a host it is this machine."""

    name: Annotated[str, NAMED]
    target: str
    host: str | None
    span: Annotated[Span, NAMED]


class _Alone(NamedTuple):
    contexts: tuple[Context, ...]


def bind_contexts(root: Mapping, diagnostics: list[Diagnostic]) -> tuple[Context, ...]:
    """Those of a tree in which they are sound, whatever else it is."""
    return bind(_Alone, root, "", diagnostics).contexts


def only_contexts(root: Mapping) -> Mapping:
    """A tree without all else."""
    entries: dict[str, Entry] = {name: entry for name, entry in root.entries.items() if name == CONTEXTS}
    return Mapping(root.span, entries)
