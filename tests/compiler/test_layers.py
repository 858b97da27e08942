"""Layers of a config: what is merged, what wins, and where it stands then."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.compiler.tree.decoding import decode
from automl.compiler.tree.layers import layer_of_options, layered, merge
from automl.compiler.tree.nodes import Entry, Mapping, Node, Scalar, Sequence, to_plain
from automl.compiler.tree.reader import read

SOURCE, _ = decode("config.yaml", b"a: 1\n")
SPAN = SOURCE.start()
plain = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["a", "b"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["a", "b", "c", "x-a"]), inner, max_size=3)
    ),
    max_leaves=8,
)
mappings = st.dictionaries(st.sampled_from(["a", "b", "c", "x-a"]), plain, max_size=4)


def tree(value: Any) -> Node:
    if isinstance(value, dict):
        return Mapping(
            SPAN, {key: Entry(Scalar(key, key, SPAN), tree(below)) for key, below in value.items()}
        )
    if isinstance(value, list):
        return Sequence(SPAN, [tree(item) for item in value])
    return Scalar(str(value), value, SPAN)


def keys(value: dict[str, Any]) -> Mapping:
    node = tree(value)
    assert isinstance(node, Mapping)
    return node


def merge_patch(target: Any, patch: Any) -> Any:
    """MergePatch of RFC 7386, section 2; but a null with nothing to remove stays."""
    if not isinstance(patch, dict):
        return patch
    if not isinstance(target, dict):
        return patch
    merged = dict(target)
    for name, value in patch.items():
        if name not in merged:
            merged[name] = value
        elif value is None:
            merged.pop(name)
        else:
            merged[name] = merge_patch(merged[name], value)
    return merged


@settings(max_examples=500, deadline=None)
@given(mappings, mappings)
def test_a_layer_is_a_merge_patch(under: dict[str, Any], over: dict[str, Any]) -> None:
    assert to_plain(merge(keys(under), keys(over))) == merge_patch(under, over)


@settings(deadline=None)
@given(mappings, st.lists(mappings, min_size=1, max_size=3), st.booleans())
def test_defaults_lie_under_every_step(defaults: dict[str, Any], steps: list[Any], is_long: bool) -> None:
    def stage(items: list[Any]) -> Any:
        return {"steps": items} if is_long else items

    config = {"defaults": defaults, "stages": {"s": stage(steps)}}
    complete = [merge_patch(defaults, step) for step in steps]
    assert to_plain(layered(keys(config), keys({}))) == {
        "defaults": defaults,
        "stages": {"s": stage(complete)},
    }


@pytest.mark.parametrize("config", ["name: written\nstages: {}\n", "stages: {}\n", "name: ~\nstages: {}\n"])
def test_an_option_lies_over_the_config_and_stands_in_itself(config: str) -> None:
    source, _ = decode("config.yaml", config.encode())
    root, _ = read(source)
    assert root is not None
    whole = layered(root, layer_of_options(root, {"name": "option"}))
    entry = whole.entries["name"]
    assert isinstance(entry.value, Scalar)
    assert (entry.value.text, entry.value.span.source.path) == ("option", "--name")
    assert entry.value.span[1:] == (1, 1, 1, 7)
    assert whole.span == root.span, "what is missing at the top is missing in the config"
    assert to_plain(layered(root, layer_of_options(root, {}))) == to_plain(root)


@pytest.mark.parametrize("stages", [5, [], {"s": 5}, {"s": {}}, {"s": {"steps": 5}}, {"s": [5]}])
def test_a_wrong_shape_stays_for_the_schema(stages: Any) -> None:
    config = {"defaults": {"image": "a"}, "stages": stages}
    assert to_plain(layered(keys(config), keys({}))) == config
