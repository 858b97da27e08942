"""A config as it is compiled, with complete steps, and behind each value the layer that it comes from."""

from collections.abc import Iterable, Iterator

from automl.compiler.driver import Merged
from automl.compiler.records import NamedTuple
from automl.compiler.source import Source
from automl.compiler.tree import nodes
from automl.compiler.tree.contexts import patch_of
from automl.compiler.tree.nodes import Mapping, Node, Scalar
from automl.compiler.tree.stages import STAGES, STEPS, steps_of
from automl.targets.writers.scalars import block, fits_block, inline_text

_NOT_PRINTED = ("contexts", "defaults")  # they are in what is printed


class _Layer(NamedTuple):
    """A part of a config that may lie over others, and what it is called; the config itself has no name."""

    name: str
    node: Node


class _Layers(NamedTuple):
    """Those that have a value at a place, the lowest first, and the config that they are of."""

    source: Source
    there: tuple[_Layer, ...]

    def below(self, key: str) -> "_Layers":
        """Those that have a value below a key."""
        below = [(layer.name, layer.node.get(key)) for layer in self.there if isinstance(layer.node, Mapping)]
        there = [_Layer(name, node) for name, node in below if node is not None and not _is_null(node)]
        return _Layers(self.source, tuple(there))

    def comment(self, node: Node) -> str:
        """Where a value comes from, if not from its own line: an option, a file of parameters, or a layer."""
        if node.span.source is not self.source:
            return f"  # {node.span.source.path}"
        names = [layer.name for layer in reversed(self.there) if layer.node is node]
        names += [layer.name for layer in reversed(self.there)]
        return f"  # {names[0]}, line {node.span.line}" if names and names[0] else ""


def printed(merged: Merged) -> str:
    """The whole, as YAML with comments."""
    layers = _layers(merged, _Layer("", merged.written), _Layer(_context(merged), merged.layer.keys))
    lines: list[str] = []
    for name, entry in merged.root.entries.items():
        if name == STAGES and isinstance(entry.value, Mapping):
            lines += ["stages:", *_stages(merged, entry.value)]
        elif name not in _NOT_PRINTED and not name.startswith("x-"):
            lines += _entry(name, entry.value, layers.below(name))
    return "".join(f"{line}\n" for line in lines)


def _layers(merged: Merged, *layers: _Layer) -> _Layers:
    return _Layers(merged.written.span.source, layers)


def _context(merged: Merged) -> str:
    return f"context {merged.context}"


def _stages(merged: Merged, stages: Mapping) -> Iterator[str]:
    written = merged.written.get(STAGES)
    assert isinstance(written, Mapping), "they were printed of it"
    for name, (_, stage) in stages.entries.items():
        yield f"  {inline_text(name)}:"
        steps, unpatched = steps_of(stage), steps_of(written.entries[name].value)
        assert steps, "a sound stage has steps"
        assert unpatched, "a context makes no steps"
        if isinstance(stage, Mapping):
            rest = {key: entry for key, entry in stage.entries.items() if key != STEPS}
            yield from _indented(_keys(Mapping(stage.span, rest), _layers(merged)), 4)
            yield "    steps:"
        for step, own in zip(steps.items, unpatched.items, strict=True):
            lines = _item(step, _of_step(merged, name, own))
            yield from _indented(lines, 6 if isinstance(stage, Mapping) else 4)


def _of_step(merged: Merged, stage: str, own: Node) -> _Layers:
    """The layers of a step: `defaults`, those of the context, its own keys, and the patch of the context."""
    defaults, patched = (layer.get("defaults") for layer in (merged.written, merged.layer.keys))
    patch = patch_of(merged.layer.steps, stage, own)
    layers = [("defaults", defaults), (_context(merged), patched), ("", own), (_context(merged), patch)]
    return _layers(merged, *[_Layer(name, node) for name, node in layers if node is not None])


def _entry(name: str, node: Node, layers: _Layers) -> Iterator[str]:
    """The lines of a key and what stands below it."""
    key, comment = f"{inline_text(name)}:", layers.comment(node)
    if isinstance(node, Scalar):
        first, *rest = _scalar(node).split("\n")
        yield f"{key} {first}{comment}"
        yield from rest
    elif isinstance(node, nodes.Sequence):
        yield f"{key}{comment}" if node.items else f"{key} []{comment}"
        for item in node.items:
            yield from _indented(_item(item, _Layers(item.span.source, ())), 2)
    elif node.entries:
        yield key
        yield from _indented(_keys(node, layers), 2)
    else:
        yield f"{key} {{}}{comment}"


def _keys(node: Mapping, layers: _Layers) -> Iterator[str]:
    for name, entry in node.entries.items():
        yield from _entry(name, entry.value, layers.below(name))


def _item(node: Node, layers: _Layers) -> Iterator[str]:
    """The lines of an item of a list."""
    if isinstance(node, Mapping) and node.entries:
        lines = [*_keys(node, layers)]
    elif isinstance(node, Mapping):
        lines = ["{}"]
    elif isinstance(node, Scalar):
        lines = _scalar(node).split("\n")
    else:
        lines = [line for item in node.items for line in _item(item, layers)] or ["[]"]
    yield f"- {lines[0]}"
    yield from _indented(lines[1:], 2)


def _scalar(node: Scalar) -> str:
    """A number, a truth value or nothing as it was written; a text so that it is one."""
    if not isinstance(node.value, str):
        return node.text or "null"
    return (
        block(node.value, "").strip(" ").removesuffix("\n")
        if fits_block(node.value)
        else inline_text(node.value)
    )


def _indented(lines: Iterable[str], width: int) -> Iterator[str]:
    return (f"{' ' * width}{line}" if line else line for line in lines)


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None
