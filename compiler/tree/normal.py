"""The one form of a config: what was written short stands written out, in the place of the short form."""

from collections.abc import Callable
from functools import cache
from typing import TypeAlias

from automl.compiler.tree.nodes import Entry, Mapping, Node, Scalar, Sequence
from automl.compiler.tree.stages import STEPS, long_stage

Form: TypeAlias = Callable[[Node], Node | None]
"""The long form of a value that fits the schema; None for a value that says as much as none."""


def normal(root: Mapping) -> Mapping:
    """A tree that fits the schema, in its long forms."""
    step = _keys(
        {
            "secrets": cache(_items(_under("name"))),
            "service": cache(_keys({"ingress": _switch})),
            "run_as": cache(_flag),
            "outputs": cache(_each_key(_under("type"))),
            "resources": cache(_keys({"gpu": _under("count")})),
        }
    )
    stage = _keys({STEPS: _items(step)})
    config = _keys(
        {
            "params": _each_key(_under("default")),
            "schedule": _under("cron"),
            "code": _keys({"bundle": _switch}),
            "artifacts": _flag,
            "tracking": _each_key(_keys({"secret": _under("name")})),
            "defaults": step,
            "stages": _each_key(lambda node: stage(long_stage(node))),
        }
    )
    return config(root)


def _under(key: str) -> Form:
    """A single value stands for keys of which one has that value."""

    def form(node: Node) -> Node:
        if not isinstance(node, Scalar):
            return node
        return Mapping(node.span, {key: Entry(Scalar(key, key, node.span), node)})

    return form


def _flag(node: Node) -> Node:
    """A word stands for a key of that name, which is true."""
    if not isinstance(node, Scalar):
        return node
    key, value = Scalar(node.text, node.text, node.span), Scalar("true", True, node.span)
    return Mapping(node.span, {node.text: Entry(key, value)})


def _switch(node: Node) -> Node | None:
    """`true` stands for no keys, and `false` for nothing at all."""
    if not isinstance(node, Scalar):
        return node
    return Mapping(node.span) if node.value is True else None


def _keys(forms: dict[str, Form]) -> Callable[[Node], Mapping]:
    """Some keys have a short form. Where none of them is, the node stays; `defaults` share theirs with many steps."""

    def form(node: Node) -> Mapping:
        assert isinstance(node, Mapping), "the schema asks for keys and values here"
        short = [name for name in forms if name in node.entries]
        if not short:
            return node
        entries = dict(node.entries)
        for name in short:
            key, value = entries[name]
            long = forms[name](value)
            if long is None:
                del entries[name]
            else:
                entries[name] = Entry(key, long)
        return Mapping(node.span, entries)

    return form


def _each_key(of_each: Form) -> Form:
    """Keys of any name have values with a short form."""
    return lambda node: _keys(dict.fromkeys(node.entries if isinstance(node, Mapping) else (), of_each))(node)


def _items(of_each: Form) -> Form:
    """The items of a list have a short form."""

    def form(node: Node) -> Node:
        assert isinstance(node, Sequence), "the schema asks for a list here"
        return Sequence(node.span, [long for item in node.items if (long := of_each(item)) is not None])

    return form
