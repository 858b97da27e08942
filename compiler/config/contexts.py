"""The `contexts` of a config."""

from typing import Annotated

from automl.compiler.config.binding import bind
from automl.compiler.config.kinds import NAMED
from automl.compiler.diagnostics import Diagnostic
from automl.compiler.records import NamedTuple
from automl.compiler.source import Located, Span
from automl.compiler.tree.contexts import CONTEXTS
from automl.compiler.tree.nodes import Entry, Mapping


class Context(NamedTuple):
    """A place to run a workflow, or a way to compile it, by its name; without a host it is this machine.

    What it says instead of the config is read from the tree.
    """

    name: Annotated[str, NAMED]
    target: str | None
    target_version: Located[str] | None
    host: str | None
    namespace: str | None
    queue: str | None
    service_account: str | None
    image_registry: str | None
    config: Mapping | None
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
