"""`defaults`: a step fragment that is merged under every step, as a JSON merge patch (RFC 7386)."""

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.nodes import Entry, Mapping, Node, Scalar, Sequence


def apply_defaults(root: Mapping) -> tuple[Mapping, list[Diagnostic]]:
    """The same tree with complete steps. What has the wrong shape is left for the schema to name."""
    defaults, stages = root.get("defaults"), root.entries.get("stages")
    if stages is None or not isinstance(stages.value, Mapping):
        return root, []
    under = defaults if isinstance(defaults, Mapping) else Mapping(root.span)
    found: list[Diagnostic] = []
    merged = {
        name: Entry(stage.key, _complete(stage.value, under, found))
        for name, stage in stages.value.entries.items()
    }
    entries = root.entries | {"stages": Entry(stages.key, Mapping(stages.value.span, merged))}
    return Mapping(root.span, entries), found


def _complete(stage: Node, defaults: Mapping, found: list[Diagnostic]) -> Node:
    if not isinstance(stage, Sequence):
        return stage
    steps: list[Node] = [
        merge(defaults, step, found) if isinstance(step, Mapping) else step for step in stage.items
    ]
    return Sequence(stage.span, steps)


def merge(under: Mapping, over: Mapping, found: list[Diagnostic]) -> Mapping:
    """`over` as a merge patch on `under`: maps merge, anything else replaces, null removes."""
    entries = dict(under.entries)
    for name, entry in over.entries.items():
        below = entries.get(name)
        if name.startswith("x-"):
            entries[name] = entry
        elif isinstance(entry.value, Scalar) and entry.value.value is None:
            _remove(entries, entry, found)
        elif isinstance(entry.value, Mapping) and below and isinstance(below.value, Mapping):
            entries[name] = Entry(entry.key, merge(below.value, entry.value, found))
        else:
            entries[name] = entry
    return Mapping(over.span, entries)


def _remove(entries: dict[str, Entry], entry: Entry, found: list[Diagnostic]) -> None:
    if entries.pop(entry.key.text, None) is None:
        message = f'"{entry.key.text}" has no value, and `defaults` has none to remove'
        is_service = entry.key.text == "service"
        help = "write `service: {}`" if is_service else "give a value, or remove the key"
        found.append(Diagnostic(Code.NOTHING_TO_REMOVE, message, entry.key.span, help=help))
