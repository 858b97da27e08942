"""What the engines make of each key of a config: the tables that emitters, command line and documents read."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Spans, Workflow
from automl.compiler.target import Capabilities, Capability, Support, Target

NATIVE = Capability(Support.NATIVE)
STEP = "step."
_SAID: Mapping[Support, tuple[Code, str]] = {
    Support.IMPLIED: (Code.ENGINE_DOES_IT, "is not needed"),
    Support.LOST: (Code.HINT_LOST, "is left out"),
    Support.REFUSED: (Code.CANNOT_SAY, "cannot be said"),
}


def lowered(note: str) -> Capability:
    """The same effect by other means."""
    return Capability(Support.LOWERED, note)


def partly(note: str) -> Capability:
    """Some values; the emitter refuses the others."""
    return Capability(Support.PARTLY, note)


def implied(note: str) -> Capability:
    """The engine does so by itself."""
    return Capability(Support.IMPLIED, note)


def lost(note: str, help: str | None = None) -> Capability:
    """The engine runs without it."""
    return Capability(Support.LOST, note, help)


def refused(note: str, help: str | None = None) -> Capability:
    """The engine cannot."""
    return Capability(Support.REFUSED, note, help)


def findings(workflow: Workflow, capabilities: Capabilities) -> Iterator[Diagnostic]:
    """A diagnostic for each key in a workflow that is implied, lost or refused; for a key around it, one for all."""
    said = {key: each for key, each in capabilities.items() if each.support in _SAID}
    outermost = {key: each for key, each in said.items() if not _is_within(key, said)}
    of_steps = {key.removeprefix(STEP): each for key, each in outermost.items() if key.startswith(STEP)}
    yield from _of(outermost, workflow.spans)
    for task in workflow.tasks if of_steps else ():
        yield from _of(of_steps, task.spans)


def _is_within(key: str, keys: Collection[str]) -> bool:
    """Whether one of the keys around this one is among them."""
    words = key.split(".")
    return any(".".join(words[:length]) in keys for length in range(1, len(words)))


def _of(capabilities: Capabilities, spans: Spans) -> Iterable[Diagnostic]:
    for key in capabilities.keys() & spans.keys():
        support, note, help, _ = capabilities[key]
        code, what = _SAID[support]
        yield Diagnostic(code, f'"{key.rpartition(".")[2]}" {what}: {note}', spans[key], help)


def matrix(targets: Sequence[Target]) -> str:
    """The tables of several targets side by side, in Markdown, with the notes below."""
    tables = {target.name: getattr(target, "capabilities", {}) for target in targets}
    keys = list(dict.fromkeys(key for table in tables.values() for key in table))
    rows = [["key", *tables]]
    rows += [[f"`{key}`", *(_cell(table.get(key)) for table in tables.values())] for key in keys]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    lines = [_row(row, widths) for row in rows]
    notes = [note for key in keys for note in _notes(key, tables)]
    return "\n".join([*lines, "", *notes, ""])


def _cell(capability: Capability | None) -> str:
    if capability is None:
        return "?"
    since = f" since {capability.since}" if capability.since else ""
    return f"{capability.support}{since}"


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def _notes(key: str, tables: Mapping[str, Capabilities]) -> Iterator[str]:
    """The notes on one key, each once with the targets that it is true of."""
    names: dict[str, list[str]] = {}
    for name, table in tables.items():
        if key in table and table[key].note:
            names.setdefault(table[key].note, []).append(name)
    for note, of in names.items():
        yield f"- `{key}` ({', '.join(of)}): {note}"
