"""Layers of a config, one over the other: `defaults` under every step, and the command line's options over all.

A layer is a part of a config, and a JSON merge patch (RFC 7386) on what lies under it.
"""

from collections.abc import Mapping as MappingType

from automl.compiler.source import Source
from automl.compiler.tree.nodes import Entry, Mapping, Node, Scalar
from automl.compiler.tree.stages import steps_of, with_steps


def layered(root: Mapping, options: Mapping) -> Mapping:
    """The config with complete steps, and the options over it. What has the wrong shape is left for the schema to name."""
    return merge(_with_complete_steps(root), options)


def layer_of_options(root: Mapping, values: MappingType[str, str]) -> Mapping:
    """What was said beside the config, by the key that each option stands for. It stands in its option: `--name`."""
    entries = {}
    for key, value in values.items():
        span = Source(f"--{key}", value).span_at(0, max(1, len(value)))
        entries[key] = Entry(Scalar(key, key, span), Scalar(value, value, span))
    return Mapping(root.span, entries)


def _with_complete_steps(root: Mapping) -> Mapping:
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
        if below is None:
            entries[name] = entry
        elif isinstance(entry.value, Scalar) and entry.value.value is None:
            del entries[name]
        elif isinstance(entry.value, Mapping) and isinstance(below.value, Mapping):
            entries[name] = Entry(entry.key, merge(below.value, entry.value))
        else:
            entries[name] = entry
    return Mapping(over.span, entries)
