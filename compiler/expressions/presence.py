"""Whether a config has expressions at all: most have none, and then nothing else of this package is imported."""

from automl.compiler.tree.nodes import Mapping

OPEN = "${{"


def has_expressions(root: Mapping) -> bool:
    """Whether a source of the tree has one; behind an escape may be anything."""
    sources = {root.span.source, *(entry.value.span.source for entry in root.entries.values())}
    return any(sign in source.text for source in sources for sign in (OPEN, "\\"))
