"""The context that a command line names: a layer over the config, from the `contexts` that stand in it.

The keys of a config that a context has itself stand over those of the config, and those of steps over `defaults`. Its
`config` is a merge patch on all of it, in which `steps` has patches of steps, by their names.
"""

from collections.abc import Iterator

from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.records import NamedTuple
from automl.compiler.source import Source
from automl.compiler.suggest import did_you_mean
from automl.compiler.tree.layers import merge
from automl.compiler.tree.nodes import Entry, Mapping, Node, Scalar
from automl.compiler.tree.stages import STAGES, STEPS, steps_of, with_steps

CONTEXTS, PATCH = "contexts", "config"
DEFAULTS = "defaults"
_OF_THE_CONFIG = (
    "namespace",
    "service_account",
    "image_registry",
)  # keys of a context that a config has, too
_OF_STEPS = ("queue", "service_account")  # and those that its steps have
_OF_NO_PATCH = (CONTEXTS, STAGES, STEPS)  # what the schema refuses, and what is for steps


class Layer(NamedTuple):
    """What a context says of the keys around the steps, and of steps, by their names."""

    keys: Mapping
    steps: Mapping


def layer_of(root: Mapping, name: str | None) -> Layer:
    """That of a context; of none, and of one that is not there or has another shape, it is empty."""
    nothing = Mapping(root.span)
    context = _below(_below(root, CONTEXTS), name) if name is not None else nothing
    patch = _below(context, PATCH)
    keys = {key: entry for key, entry in patch.entries.items() if key not in _OF_NO_PATCH}
    keys |= {key: entry for key, entry in context.entries.items() if key in _OF_THE_CONFIG}
    if defaults := _of_defaults(root, patch, context):
        keys[DEFAULTS] = defaults
    return Layer(Mapping(patch.span, keys), _below(patch, STEPS))


def _of_defaults(root: Mapping, patch: Mapping, context: Mapping) -> Entry | None:
    """What a context says of all steps: what the config has for all of a run stands under it in `defaults`, too."""
    said = {key: entry for key, entry in context.entries.items() if key in _OF_STEPS}
    there = {**_below(root, DEFAULTS).entries, **_below(patch, DEFAULTS).entries}
    said = {key: entry for key, entry in said.items() if key not in _OF_THE_CONFIG or key in there}
    key = next(iter(said.values())).key if said else None
    patched = patch.entries.get(DEFAULTS)
    if key is None or (patched and not isinstance(patched.value, Mapping)):
        return None
    entries = {**_below(patch, DEFAULTS).entries, **said}
    return Entry(patched.key if patched else key, Mapping(key.span, entries))


def in_context(root: Mapping, layer: Layer) -> Mapping:
    """The config with the layer of a context over it."""
    entries = merge(root, layer.keys).entries
    stages = entries.get(STAGES)
    if layer.steps.entries and stages is not None and isinstance(stages.value, Mapping):
        patched = {
            name: Entry(stage.key, _patched(name, stage.value, layer.steps))
            for name, stage in stages.value.entries.items()
        }
        entries[STAGES] = Entry(stages.key, Mapping(stages.value.span, patched))
    return Mapping(root.span, entries)


def check_contexts(root: Mapping, name: str | None) -> Iterator[Diagnostic]:
    """The steps that contexts patch have to be there, and so has the context that is named."""
    contexts = root.entries.get(CONTEXTS)
    known = contexts.value.entries if contexts and isinstance(contexts.value, Mapping) else {}
    if name is not None and name not in known and (contexts is None or known):
        yield unknown_context(name, contexts, root)
    names = _names(root)
    for context in known.values() if names is not None else ():
        for entry in _below(_below(context.value, PATCH), STEPS):
            if problem := _wrong_step(entry.key, names or []):
                yield problem


def unknown_context(name: str, contexts: Entry | None, root: Mapping) -> Diagnostic:
    """What to say of a name that no context of a config has."""
    known = [*contexts.value.entries] if contexts and isinstance(contexts.value, Mapping) else []
    nearest = did_you_mean(name, known)
    help = f'did you mean "{nearest}"?' if nearest else f"it has {', '.join(known)}"
    if not known:
        help = "write it under `contexts`; those of your own are for commands that run workflows alone"
    related = Related("the contexts", contexts.key.span) if contexts else Related("the config", root.span)
    span = Source("--context", name).span_at(0, max(1, len(name)))
    return Diagnostic(Code.UNKNOWN_REFERENCE, f'the config has no context "{name}"', span, help, (related,))


def patch_of(steps: Mapping, stage: str, step: Node) -> Mapping | None:
    """The patch of a step, which is called by its name, or as `stage/step`."""
    name = step.get("step_name") if isinstance(step, Mapping) else None
    if not isinstance(name, Scalar):
        return None
    patches = (steps.get(known) for known in (f"{stage}/{name.text}", name.text))
    return next((patch for patch in patches if isinstance(patch, Mapping)), None)


def _patched(name: str, stage: Node, patches: Mapping) -> Node:
    steps = steps_of(stage)
    if steps is None:
        return stage
    items = []
    for step in steps.items:
        patch = patch_of(patches, name, step)
        items.append(merge(step, patch) if patch and isinstance(step, Mapping) else step)
    return with_steps(stage, items)


def _wrong_step(key: Scalar, names: list[tuple[str, str]]) -> Diagnostic | None:
    """What is wrong with the name of a step that is patched."""
    stages = [stage for stage, name in names if name == key.text]
    whole = [f"{stage}/{name}" for stage, name in names]
    if len(stages) == 1 or key.text in whole:
        return None
    if stages:
        message = f'"{key.text}" is a step of several stages'
        help = f"say which: {' or '.join(f'`{stage}/{key.text}`' for stage in stages)}"
        return Diagnostic(Code.UNKNOWN_STEP, message, key.span, help=help)
    nearest = did_you_mean(key.text, whole if "/" in key.text else [name for _, name in names])
    known = ", ".join(name for _, name in names[:5])
    help = f'did you mean "{nearest}"?' if nearest else f"the steps are called {known}"
    return Diagnostic(Code.UNKNOWN_STEP, f'there is no step "{key.text}"', key.span, help=help)


def _names(root: Mapping) -> list[tuple[str, str]] | None:
    """The stage and the name of each step; None if one has none."""
    stages = root.get(STAGES)
    if not isinstance(stages, Mapping):
        return None
    names = []
    for stage, (_, value) in stages.entries.items():
        steps = steps_of(value)
        for step in steps.items if steps else ():
            name = step.get("step_name") if isinstance(step, Mapping) else None
            if not isinstance(name, Scalar):
                return None
            names.append((stage, name.text))
    return names


def _below(node: Node, name: str | None) -> Mapping:
    """What stands below a key, if that is keys and values; else nothing."""
    value = node.get(name) if isinstance(node, Mapping) and name is not None else None
    return value if isinstance(value, Mapping) else Mapping(node.span)
