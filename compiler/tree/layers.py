"""`defaults`: a step fragment that is merged under every step, as a JSON merge patch (RFC 7386)."""

from automl.compiler.tree.nodes import Entry, Mapping, Node, Scalar
from automl.compiler.tree.stages import steps_of, with_steps


def apply_defaults(root: Mapping) -> Mapping:
    """The same tree with complete steps. What has the wrong shape is left for the schema to name."""
    defaults, stages = root.get("defaults"), root.entries.get("stages")
    if stages is None or not isinstance(stages.value, Mapping):
        return root
    under = defaults if isinstance(defaults, Mapping) else Mapping(root.span)
    merged = {
        name: Entry(stage.key, _complete(stage.value, under)) for name, stage in stages.value.entries.items()
    }
    entries = root.entries | {"stages": Entry(stages.key, Mapping(stages.value.span, merged))}
    return Mapping(root.span, entries)


def _complete(stage: Node, defaults: Mapping) -> Node:
    steps = steps_of(stage)
    if steps is None:
        return stage
    return with_steps(
        stage, [merge(defaults, step) if isinstance(step, Mapping) else step for step in steps.items]
    )


def merge(under: Mapping, over: Mapping) -> Mapping:
    """`over` as a merge patch on `under`: maps merge, anything else replaces, null removes.

    A null that has nothing to remove stays, for the schema to name.
    """
    entries = dict(under.entries)
    for name, entry in over.entries.items():
        below = entries.get(name)
        if name.startswith("x-") or below is None:
            entries[name] = entry
        elif isinstance(entry.value, Scalar) and entry.value.value is None:
            del entries[name]
        elif isinstance(entry.value, Mapping) and isinstance(below.value, Mapping):
            entries[name] = Entry(entry.key, merge(below.value, entry.value))
        else:
            entries[name] = entry
    return Mapping(over.span, entries)
