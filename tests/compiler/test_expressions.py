"""Expressions: what they are worth, where their mistakes stand, and what becomes of the tree around them."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.compiler.diagnostics import Code
from automl.compiler.expressions.phase import Read, expressions_of
from automl.compiler.expressions.places import Places
from automl.compiler.expressions.problems import Problem
from automl.compiler.expressions.syntax import Expression, parts_of
from automl.compiler.ir import Parameter, Type
from automl.compiler.source import Source
from automl.compiler.tree.decoding import decode
from automl.compiler.tree.layers import layered
from automl.compiler.tree.nodes import Mapping as Keys
from automl.compiler.tree.nodes import OutputReference, RunReference, Scalar, to_plain
from automl.compiler.tree.reader import read

SPAN = Source("config.yaml", "params").start()
KNOWN: dict[str, Any] = {
    "lr": 0.1,
    "epochs": 20,
    "minus-one": -1,
    "tier": "gold",
    "no": False,
    "2nd": "it's",
    "big": 10**20,
}
TYPES = {bool: Type.BOOL, int: Type.INT, float: Type.FLOAT, str: Type.TEXT}
TEXTS = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in KNOWN.items()}
PARAMS: Mapping[str, Parameter | None] = {
    name: Parameter(name, TYPES[type(value)], TEXTS[name], None, SPAN) for name, value in KNOWN.items()
}


class Tried(NamedTuple):
    """An expression as it is written, the same in Python, and how tightly its operator binds: 4 needs no parentheses."""

    text: str
    python: str
    binding: int = 4


def within(tried: Tried, binding: int) -> str:
    return tried.text if tried.binding >= binding else f"({tried.text})"


def reference(name: str) -> Tried:
    text = f"params.{name}" if len(name) % 2 else f"params['{name}']"
    return Tried(text, repr(KNOWN[name]))


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


blanks = st.sampled_from(["", " ", "  ", "\n "])
numbers = st.one_of(
    st.sampled_from([Tried(text, text) for text in ("0", "-7", "1.50", "1e-4", ".5", "+3", "1E3", "-0.0")]),
    st.integers().map(lambda number: Tried(str(number), str(number))),
    st.sampled_from([reference(name) for name in ("lr", "epochs", "minus-one", "big")]),
)
texts = st.one_of(
    st.text("a'} {$\n\\é\"", max_size=6).map(lambda text: Tried(quoted(text), repr(text))),
    st.sampled_from([reference(name) for name in ("tier", "2nd")]),
)
switches = st.sampled_from([Tried("true", "True"), Tried("false", "False"), reference("no")])


def joined(operator: str, python: str, left: Tried, right: Tried, blank: str) -> Tried:
    binding = {"||": 0, "&&": 1}.get(operator, 2)
    inner = binding + (binding == 2)  # comparisons are not chained
    text = f"{within(left, inner)}{blank or ' '}{operator}{blank}{within(right, max(inner, binding + 1))}"
    return Tried(text, f"(({left.python}) {python} ({right.python}))", binding)


def compared(values: st.SearchStrategy[Tried], *operators: str) -> st.SearchStrategy[Tried]:
    signs = st.sampled_from(operators)
    return st.builds(
        lambda sign, left, right, blank: joined(sign, sign, left, right, blank), signs, values, values, blanks
    )


def deeper(inner: st.SearchStrategy[Tried]) -> st.SearchStrategy[Tried]:
    return st.one_of(
        inner.map(lambda tried: Tried(f"!{within(tried, 3)}", f"(not {tried.python})", 3)),
        inner.map(lambda tried: Tried(f"( {tried.text} )", tried.python)),
        compared(inner, "==", "!="),
        st.builds(lambda left, right, blank: joined("&&", "and", left, right, blank), inner, inner, blanks),
        st.builds(lambda left, right, blank: joined("||", "or", left, right, blank), inner, inner, blanks),
    )


conditions = st.recursive(
    switches | compared(numbers, "==", "!=", "<", "<=", ">", ">=") | compared(texts, "==", "!="),
    deeper,
    max_leaves=12,
)


def tree_of(text: str) -> Keys:
    source, _ = decode("config.yaml", text.encode())
    root, wrong = read(source)
    assert root is not None, [each.message for each in wrong]
    return root


def expressions_in(text: str, params: Mapping[str, Parameter | None] = PARAMS) -> Read:
    return expressions_of(layered(tree_of(text), Keys(SPAN)), params)


def scalar_of(text: str, key: str = "name") -> Scalar:
    """What becomes of a text that stands behind a key at the top."""
    span = Source("config.yaml", text).start()
    root = Keys(
        span, {key: type(next(iter(tree_of("a: b"))))(Scalar(key, key, span), Scalar(text, text, span))}
    )
    there = expressions_of(root, PARAMS)
    assert there.diagnostics == []
    node = there.root.get(key)
    assert isinstance(node, Scalar)
    return node


@settings(max_examples=600, deadline=None)
@given(conditions)
def test_a_condition_is_worth_what_python_makes_of_it(tried: Tried) -> None:
    expected = eval(tried.python)
    node = scalar_of(f"${{{{ {tried.text} }}}}")
    assert (node.value, node.text) == (expected, str(expected).lower())


@settings(max_examples=300, deadline=None)
@given(numbers | texts | switches)
def test_a_whole_value_keeps_its_type_and_its_text(tried: Tried) -> None:
    node = scalar_of("${{ " + tried.text + " }}")
    expected = eval(tried.python)
    assert node.value == expected
    assert isinstance(node.value, bool | str) == isinstance(expected, bool | str)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(max_size=12).filter(lambda text: "${{" not in text), min_size=2, max_size=4))
def test_text_goes_through_as_it_is(pieces: list[str]) -> None:
    """Around an expression and within one, and it is not looked at again."""
    inner = "${{ params.lr }}".join(pieces)
    before, after = pieces[0], pieces[-1]
    if (before + "${{").count("${{") > 1 or before.endswith("$"):
        return
    node = scalar_of(f"{before}${{{{{quoted(inner)}}}}}{after}")
    assert node.text == node.value == before + inner + after


@settings(max_examples=1000, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *"abc.()[]'\"!=<>&|,+-*/?:$ {}09_é\n",
                "${{",
                "}}",
                "params",
                "==",
                "&&",
                "||",
                "true",
                "and",
                "steps.a",
            ]
        ),
        max_size=14,
    )
)
def test_whatever_stands_there_is_read_or_has_a_place(words: list[str]) -> None:
    text = "x ${{ " + "".join(words)
    for part in parts_of(text):
        if isinstance(part, Problem):
            assert 0 <= part.start < part.end <= len(text)
            assert part.message
            assert part.help
        elif isinstance(part, Expression):
            assert text[part.start :].startswith("${{")
            assert text[: part.end].endswith("}}")
    expressions_in(yaml.safe_dump({"name": text, "stages": {"a": [{"args": [text]}]}}, allow_unicode=True))


@pytest.mark.parametrize("style", [None, "'", '"', "|", ">"])
@settings(max_examples=150, deadline=None)
@given(
    before=st.text("ab :'\"\\é#-\n\t", max_size=30),
    after=st.text("ab :'\"\\é#-\n\t", max_size=30),
    width=st.integers(5, 60),
    indent=st.integers(2, 6),
)
def test_a_place_is_that_of_the_word_in_every_style(
    style: str | None, before: str, after: str, width: int, indent: int
) -> None:
    """PyYAML writes the text, in whatever style and with whatever folds; our reader reads it."""
    text = f"{before}${{{{ params.missing }}}}{after}"
    config = yaml.dump(
        {"a": 1, "annotations": {"b": {"text": text}}},
        default_style=style,
        width=width,
        indent=indent,
        allow_unicode=True,
    )
    source, _ = decode("config.yaml", config.encode())
    root, _ = read(source)
    assert root is not None
    [found] = expressions_of(root, PARAMS).diagnostics
    span = found.span
    assert span.line == span.end_line
    assert source.line(span.line)[span.column - 1 : span.end_column - 1] == "params.missing"


def test_a_place_that_cannot_be_told_is_that_of_the_whole() -> None:
    source = Source("config.yaml", "name: something else\n")
    span = source.span_at(6, 14)
    assert Places("no such text", span).span(3, 7) == span


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ('"\\x24{{ \\u0070arams.x }}"', "\\u0070arams.x"),
        ("'${{ ''a'' == params.x }}'", "params.x"),
        ('&a "a\\\n  b ${{ params.x }}"', "params.x"),
        ("!!str\n  &a 'a b ${{ params.x }}'", "params.x"),
        ("|2-\n   b\n\n   ${{ params.x }}", "params.x"),
        (">\n  a\n   b\n  ${{\n  params.x }}", "params.x"),
    ],
)
def test_escapes_folds_anchors_and_tags_are_walked_over(written: str, word: str) -> None:
    text = f"description: {written}\n"
    [found] = expressions_in(text).diagnostics
    line = text.split("\n")[found.span.line - 1]
    assert line[found.span.column - 1 : found.span.end_column - 1] == word


CONFIG = """\
x-note: ${{ text }}
labels: {x-team: "${{ params.tier }}", same: a}
defaults:
  envs: {A: "${{ params.lr }}", B: "${{ steps.a.outputs.b }}"}
  timeout: ${{ params.epochs }}
stages:
  train:
    - &step
      step_name: a
      args: ["--lr=${{ params.lr }}", "${{ params.lr > 1 }}", "a${{ run.id }}b${{ 'c' }}d"]
      replicas: ${{ params.epochs }}
    - *step
  serve:
    needs: ["${{ params.tier }}"]
    steps:
      - {step_name: c, image: "a:${{ params.tier }}"}
"""


def at(root: Any, *path: str | int) -> Any:
    for part in path:
        root = root.items[part] if isinstance(part, int) else root.get(part)
    return root


def test_values_are_computed_and_references_of_steps_stay() -> None:
    there = expressions_in(CONFIG)
    assert there.diagnostics == []
    assert to_plain(at(there.root, "labels")) == {"x-team": "gold", "same": "a"}
    assert at(there.root, "x-note").text == "${{ text }}"
    step = at(there.root, "stages", "train", 0)
    assert (at(step, "replicas").value, at(step, "timeout").value) == (20, 20)
    assert at(step, "args", 1).text == "false"
    first, run, last = at(step, "args", 2).parts
    assert (first, run.field, last) == ("a", "id", "bcd")
    assert isinstance(run, RunReference)
    [taken] = at(step, "envs", "B").parts
    assert isinstance(taken, OutputReference)
    assert (taken.step, taken.output) == ("a", "b")
    assert at(step, "envs", "B").text == "${{ steps.a.outputs.b }}"
    assert to_plain(at(there.root, "stages", "serve", "needs")) == ["gold"]
    assert at(there.root, "stages", "serve", "steps", 0, "image").text == "a:gold"


def test_the_first_place_where_a_parameter_is_pinned_is_known() -> None:
    there = expressions_in(CONFIG)
    places = {name: (span.line, span.column) for name, span in there.pinned.items()}
    assert places == {"tier": (2, 23), "epochs": (5, 16), "lr": (10, 44)}


def test_what_stands_in_several_places_is_looked_at_once() -> None:
    """By `defaults`, by an alias: the same nodes stay the same, and what has no expression is not copied."""
    there = expressions_in(CONFIG + "    annotations: {a: b}\n")
    one, other = at(there.root, "stages", "train", 0), at(there.root, "stages", "train", 1)
    assert at(one, "args") is at(other, "args")
    assert at(one, "envs", "A") is at(there.root, "defaults", "envs", "A")
    root = tree_of(CONFIG.replace("${{", "$ {{"))
    assert expressions_of(root, PARAMS).root is root
    root = tree_of(f"{CONFIG}labels2: {{a: [b]}}\n")
    assert expressions_of(root, PARAMS).root.get("labels2") is root.get("labels2")


def test_a_parameter_without_a_value_is_no_second_mistake() -> None:
    params = {**PARAMS, "tier": None}
    there = expressions_in('name: a-${{ params.tier }}\nlabels: {a: "${{ params.tier == 1 }}"}\n', params)
    assert there.diagnostics == []
    assert {(span.line, span.column) for span in there.void} == {(1, 7), (2, 13)}


def test_a_value_that_expands_is_limited() -> None:
    params = {"long": Parameter("long", Type.TEXT, "x" * 1_000_000, None, SPAN)}
    config = "annotations:\n" + "".join(
        f'  a{number}: "{number}${{{{ params.long }}}}"\n' for number in range(20)
    )
    found = expressions_in(config, params).diagnostics
    assert {each.code for each in found} == {Code.TOO_LARGE}


def test_many_expressions_take_time_by_their_number() -> None:
    long = "annotations: {a: '" + "${{ params.lr }}, " * 20_000 + "'}\n"
    assert re.fullmatch("(0.1, )+", expressions_in(long).root.get("annotations").get("a").text)  # type: ignore[union-attr]
