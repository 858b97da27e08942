"""The tables of several targets side by side, in Markdown."""

from collections.abc import Iterator, Mapping, Sequence

from automl.compiler.capabilities import STEP, TARGETS, table_of
from automl.compiler.target import ByKind, Capabilities, Capability, Row, Target


def matrix(targets: Sequence[Target]) -> str:
    """A row for each key, a column for each target and for each form with rows of its own; the notes are below."""
    tables = {name: table for target in targets for name, table in _tables(target)}
    keys = list(dict.fromkeys(key for table in tables.values() for key in table))
    rows = [["key", *tables]]
    rows += [[f"`{key}`", *(_cell(key, table.get(key)) for table in tables.values())] for key in keys]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    lines = [_line(row, widths) for row in rows]
    notes = [note for key in keys for note in _notes(key, tables)]
    return "\n".join([*lines, "", *notes, ""])


def _tables(target: Target) -> Iterator[tuple[str, Capabilities]]:
    yield target.name, table_of(target, target.forms[0])
    for form in getattr(target, "form_capabilities", {}):
        yield f"{target.name} {form}", table_of(target, form)


def _cell(key: str, row: Row | None) -> str:
    """`lost`; `native since 2.16, lost before`; `job: lost, service: native`; nothing for what is another target's."""
    if row is None and key.removeprefix(STEP).startswith(f"{TARGETS}."):
        return ""
    kinds = _kinds(row)
    texts = {kind: _support(capability) for kind, capability in kinds.items()}
    if len(set(texts.values())) == 1 and len(texts) != 1:
        return next(iter(texts.values()))
    return ", ".join(f"{kind}: {text}" if kind else text for kind, text in texts.items()) or "?"


def _kinds(row: Row | None) -> dict[str, Capability]:
    """What a row says by the kind of a task; the kind is empty if it says the same of each."""
    kinds = {"job": row.job, "service": row.service} if isinstance(row, ByKind) else {"": row}
    return {kind: capability for kind, capability in kinds.items() if capability is not None}


def _support(capability: Capability) -> str:
    if capability.since is None:
        return str(capability.support)
    before = capability.before.support if capability.before else "refused"
    return f"{capability.support} since {capability.since}, {before} before"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def _notes(key: str, tables: Mapping[str, Capabilities]) -> Iterator[str]:
    """The notes on one key, each once with the targets that it is true of."""
    columns: dict[str, dict[str, None]] = {}
    for name, table in tables.items():
        for capability in _kinds(table.get(key)).values():
            for version in (capability, capability.before):
                if version and version.note:
                    columns.setdefault(version.note, {})[name] = None
    for note, names in columns.items():
        yield f"- `{key}` ({', '.join(names)}): {note}"
