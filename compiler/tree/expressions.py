"""`${{ … }}` belongs to the language, and means nothing yet: text with it would change its meaning later."""

from collections.abc import Iterator

from automl.compiler.diagnostics import Code, Diagnostic, Findings
from automl.compiler.tree.nodes import Mapping, Node, Scalar, Sequence

MESSAGE = "`${{ … }}` is not supported yet"
HELP = "write the value itself, or let the program put it together, for instance from its `envs`"


def find_expressions(root: Mapping) -> Findings:
    """Every key and value with one in it, but for what is the user's own; an alias counts once."""
    diagnostics = Findings()
    sources = {root.span.source, *(entry.value.span.source for entry in root.entries.values())}
    if not any(sign in source.text for source in sources for sign in ("${{", "\\")):
        return diagnostics  # but behind an escape may be anything
    seen: set[int] = set()
    waiting: list[Node] = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Scalar):
            if "${{" in node.text:
                diagnostics.append(Diagnostic(Code.EXPRESSION, MESSAGE, node.span, help=HELP))
        else:
            waiting.extend(_below(node))
    return diagnostics


def _below(node: Mapping | Sequence) -> Iterator[Node]:
    if isinstance(node, Sequence):
        yield from node.items
        return
    for name, entry in node.entries.items():
        if not name.startswith("x-") and name != "$schema":
            yield entry.key
            yield entry.value
