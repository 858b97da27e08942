import enum
import json
import math
import re
from types import MappingProxyType
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.targets import yaml_writer
from automl.targets.yaml_writer import FULL_CHECK_LIMIT, Value, WriterError, write_json, write_yaml
from tests.targets.nasty import NASTY

_TREE = "tag:yaml.org,2002:"


class Core(yaml.CSafeLoader):
    """Reads scalars as YAML 1.2 does (core schema)."""


class Greedy(yaml.CSafeLoader):
    """Takes a plain scalar for something else whenever any reader known to us does."""


Core.yaml_implicit_resolvers = {}
Greedy.yaml_implicit_resolvers = {}


def _resolve(loader: type[yaml.CSafeLoader], tag: str, pattern: str) -> None:
    loader.add_implicit_resolver(_TREE + tag, re.compile(rf"(?:{pattern})\Z"), None)


_resolve(Core, "null", r"null|Null|NULL|~|")
_resolve(Core, "bool", r"true|True|TRUE|false|False|FALSE")
_resolve(Core, "int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_resolve(
    Core, "float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_resolve(Greedy, "null", r"(?i:null|none|~|)")
_resolve(Greedy, "bool", r"(?i:y|n|yes|no|on|off|true|false)")
_resolve(Greedy, "int", r"-?(0|[1-9][0-9]*)")
_resolve(Greedy, "float", r"-?[0-9]+\.[0-9]+")
_resolve(Greedy, "ambiguous", r"(?i:[-+.]?(inf|nan|infinity)|[-+._]*[0-9].*|<<|=|[-+.]+)")


def _reads(text: str) -> list[list[Any]]:
    readers: list[Any] = [yaml.CSafeLoader, yaml.SafeLoader, Core, Greedy]
    return [list(yaml.load_all(text, Loader=reader)) for reader in readers]


def _assert_survives(documents: list[Any]) -> None:
    text = write_yaml(documents)
    for read in _reads(text):
        # JSON tells True from 1 and 1 from 1.0, and keeps the order of keys
        assert json.dumps(read) == json.dumps(documents)
    assert yaml.safe_load(write_json(documents[:1])) == documents[0]
    assert json.loads(write_json(documents[:1])) == documents[0]


@pytest.mark.parametrize("text", NASTY, ids=[f"{i}-{text[:20]!a}" for i, text in enumerate(NASTY)])
def test_a_nasty_string_survives_in_every_place(text: str) -> None:
    document: dict[str, Any] = {
        "a": text,
        "b": [text, [text, text], {"c": text, "d": text}],
        "e": {"f": {"g": text}},
    }
    _assert_survives([document, {"after": text}, {"last": [text]}])


@pytest.mark.parametrize("text", [text for text in NASTY if len(text) < 500])
def test_a_nasty_string_survives_as_a_key(text: str) -> None:
    _assert_survives([{text: text, "b": [{text: 1, "c": {text: [text]}}]}])


_texts = st.one_of(
    st.text(max_size=30),
    st.sampled_from([text for text in NASTY if len(text) < 300]),
    st.text(alphabet="aé #:-'\"\\\n\t{}|>\u2028\x85\ufeff😀", max_size=15),
    st.text(alphabet="abyno0178exof.+-_:=/~", max_size=8),
)
_numbers = st.integers(-(2**53), 2**53) | st.floats(-(2.0**53), 2.0**53)
_values = st.recursive(
    st.none() | st.booleans() | _numbers | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(_texts, _values, max_size=4), min_size=1, max_size=3))
def test_any_value_survives(documents: list[dict[str, Any]]) -> None:
    text = write_yaml(documents)
    core, c_reader = (list(yaml.load_all(text, Loader=reader)) for reader in (Core, yaml.CSafeLoader))
    assert json.dumps(core) == json.dumps(c_reader) == json.dumps(documents)
    assert text == write_yaml(documents)


@settings(max_examples=60, deadline=None)
@given(_values)
def test_an_object_met_again_is_written_again(value: Any) -> None:
    shared: dict[str, Any] = {"a": value, "b": [value, value, {"c": value}], "d": {"e": value}}
    apart = [json.loads(json.dumps(document)) for document in (shared, shared, {"f": shared})]
    assert write_yaml([shared, shared, {"f": shared}]) == write_yaml(apart)


def test_the_layout() -> None:
    document: dict[str, Value] = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": "train-1", "labels": {"app.kubernetes.io/name": "train"}, "annotations": {}},
        "spec": {
            "templates": [
                {"name": "main", "dag": {"tasks": [{"name": "a", "depends": ""}, {"name": "b"}]}},
                {
                    "name": "prepare",
                    "container": {
                        "image": "ghcr.io/acme/train:1.2.3@sha256:abc",
                        "command": ["sh", "-c"],
                        "args": ["#!/bin/sh\nset -eu\n\n  echo hi\n", "a\nb", "--lr=0.1", "two words", "{{x}}", "1e3", "é"],
                        "env": [{"name": "y", "value": "no\u2028"}],
                        "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}},
                    },
                },
            ],
            "suspend": False,
            "priority": None,
            "parallelism": 10,
            "weights": [0.5, 1e-05, -2.5e-07, [1, [2, []], []], {}],
        },
    }  # fmt: skip
    assert write_yaml([document, {}, {"text": "a\nb\n"}], header="Generated by automl.\n\nDo not edit.") == (
        """\
# Generated by automl.
#
# Do not edit.
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  name: train-1
  labels:
    app.kubernetes.io/name: train
  annotations: {}
spec:
  templates:
  - name: main
    dag:
      tasks:
      - name: a
        depends: ""
      - name: b
  - name: prepare
    container:
      image: ghcr.io/acme/train:1.2.3@sha256:abc
      command:
      - sh
      - "-c"
      args:
      - |
        #!/bin/sh
        set -eu

          echo hi
      - |-
        a
        b
      - "--lr=0.1"
      - "two words"
      - "{{x}}"
      - "1e3"
      - "é"
      env:
      - name: "y"
        value: "no\\u2028"
      resources:
        limits:
          cpu: "500m"
          memory: "1Gi"
  suspend: false
  priority: null
  parallelism: 10
  weights:
  - 0.5
  - 0.00001
  - -0.00000025
  - - 1
    - - 2
      - []
    - []
  - {}
---
{}
---
text: |
  a
  b
"""
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a", "a"),
        ("app.kubernetes.io/name", "app.kubernetes.io/name"),
        ("ghcr.io/a/b:1.0", "ghcr.io/a/b:1.0"),
        ("http://a.b:80/c", "http://a.b:80/c"),
        ("a:", '"a:"'),
        ("10Gi", '"10Gi"'),
        ('say "a"\\', '"say \\"a\\"\\\\"'),
        ("\0\a\x1b\x7f\x85\r\t\n", '"\\x00\\x07\\x1b\\x7f\\x85\\r\\t\\n"'),
        (
            "\u200b\u202e\ufeff\uffff\U0010ffff\U000e0041",
            '"\\u200b\\u202e\\ufeff\\uffff\\U0010ffff\\U000e0041"',
        ),
        ("é😀 日本", '"é😀 日本"'),
        ("a\nb\n\n", '"a\\nb\\n\\n"'),
        ("a \nb", '"a \\nb"'),
        ("a\n\tb", '"a\\n\\tb"'),
        ("a\nb\u2028", '"a\\nb\\u2028"'),
        ("a\n\n\n  b\n", "|\n  a\n\n\n    b"),
        ("é\n😀", "|-\n  é\n  😀"),
    ],
)
def test_how_a_string_is_written(text: str, written: str) -> None:
    assert write_yaml([{"a": text}]) == f"a: {written}\n"


@pytest.mark.parametrize("text", ["a" * 300, "word " * 60, "--flag=value " * 100, "{{x}} " * 200 + "é"])
def test_no_line_is_folded(text: str) -> None:
    assert write_yaml([{"a": [text]}]).count("\n") == 2


@pytest.mark.parametrize(
    ("number", "written"),
    [
        *(
            (2**53, "9007199254740992"),
            (-(2**53), "-9007199254740992"),
            (0, "0"),
            (True, "true"),
            (False, "false"),
        ),
        *(
            (1.0, "1.0"),
            (-0.5, "-0.5"),
            (1e-05, "0.00001"),
            (-1.25e-07, "-0.000000125"),
            (5e-324, f"0.{'0' * 323}5"),
        ),
        *((123456789.125, "123456789.125"), (9e15, "9000000000000000.0")),
    ],
)
def test_how_a_number_is_written(number: float, written: str) -> None:
    assert write_yaml([{"a": number}]) == f"a: {written}\n"


@pytest.mark.parametrize("write", [write_yaml, write_json])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (2**53 + 1, "9007199254740993 is beyond 2^53, where readers round; write it as text"),
        (-(2**60), "-1152921504606846976 is beyond 2^53, where readers round; write it as text"),
        (math.inf, "inf is not a number that every reader keeps; write it as text"),
        (math.nan, "nan is not a number that every reader keeps; write it as text"),
        (1e16, "1e+16 is not a number that every reader keeps; write it as text"),
        ("a\ud800b", "U+D800 is half of a surrogate pair, which no file in UTF-8 can hold"),
        ("\udfff", "U+DFFF is half of a surrogate pair, which no file in UTF-8 can hold"),
        ({"a\udc80": 1}, "U+DC80 is half of a surrogate pair, which no file in UTF-8 can hold"),
    ],
)
def test_what_readers_do_not_keep_is_refused(write: Any, value: Value, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        write([{"a": [value]}])


@pytest.mark.parametrize("write", [write_yaml, write_json])
@pytest.mark.parametrize(
    "value", [b"a", bytearray(b"a"), {1}, object(), 1j, {1: "a"}, {None: "a"}, {"a": {True: 1}}]
)
def test_what_is_no_value_is_refused(write: Any, value: Any) -> None:
    with pytest.raises(TypeError):
        write([{"a": value}])


@pytest.mark.parametrize("document", [[], "a", None, [("a", 1)]])
def test_a_document_is_a_mapping(document: Any) -> None:
    with pytest.raises(TypeError, match="a document must be a mapping, not"):
        write_yaml([document])


def test_a_key_beyond_what_yaml_allows_is_refused() -> None:
    assert len(write_yaml([{"k" * 1000: 1}])) == 1004
    with pytest.raises(ValueError, match="is longer than 1000 characters"):
        write_yaml([{"k" * 1001: 1}])


def test_other_mappings_sequences_and_enumerations_are_written_as_what_they_hold() -> None:
    class Colour(enum.StrEnum):
        RED = "red\n\nnight"
        YES = "y"

    class Level(enum.IntEnum):
        LOW = 3

    given: Any = MappingProxyType(
        {Colour.YES: (Colour.RED, Level.LOW, MappingProxyType({}), ()), "r": range(2)}
    )
    plain: dict[str, Value] = {"y": ["red\n\nnight", 3, {}, []], "r": [0, 1]}
    assert write_yaml([given]) == write_yaml([plain])
    assert write_json([given]) == write_json([plain])


def test_nothing_to_write() -> None:
    assert write_yaml([]) == ""
    assert write_yaml([], header="a") == "# a\n"
    assert write_yaml([{}]) == "{}\n"


@pytest.mark.parametrize(
    "char", ["\r", "\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\0", "\ufeff", "\u202e", "\x1c"]
)
def test_a_header_cannot_end_its_comment(char: str) -> None:
    text = write_yaml([{"a": 1}], header=f"from {char}b: 2")
    assert text.startswith("# from \\")
    assert all(read == [{"a": 1}] for read in _reads(text))


def test_lines_of_a_header() -> None:
    assert write_yaml([{"a": 1}], header='é "x" \\ 1\n\n  - b: 2 ') == '# é "x" \\ 1\n#\n#   - b: 2\na: 1\n'


def test_json_of_one_and_of_several() -> None:
    assert write_json([{"b": "é😀", "a": [1, None, True, 0.5]}]) == (
        '{\n  "b": "é😀",\n  "a": [\n    1,\n    null,\n    true,\n    0.5\n  ]\n}\n'
    )
    assert json.loads(write_json([{"a": 1}, {"b": 2}])) == {
        "apiVersion": "v1",
        "kind": "List",
        "items": [{"a": 1}, {"b": 2}],
    }


def test_json_escapes_what_yaml_readers_refuse_or_change() -> None:
    assert write_json([{"a": "\x7f\x85\u2028\u2029\ufeff\u200b\uffff\t\n"}]) == (
        '{\n  "a": "\\u007f\\u0085\\u2028\\u2029\\ufeff\\u200b\\uffff\\t\\n"\n}\n'
    )


def _large(text: str = "a") -> dict[str, Value]:
    return {"items": [{"name": f"item {number}", "lines": "a\nb\n", "text": text} for number in range(1300)]}


def test_a_large_document_survives() -> None:
    document = _large("\u2028 y")
    text = write_yaml([document])
    assert len(text) > FULL_CHECK_LIMIT
    assert yaml.load(text, Loader=yaml.CSafeLoader) == document


@pytest.mark.parametrize("document", [{"a": "x y"}, _large("x y")], ids=["small", "large"])
@pytest.mark.parametrize(
    "written", ["x y:", "1", "null", "[x", "'x  y'", "x # y", "!!str x", "&a x", '"x\\y"']
)
def test_a_bug_in_the_writing_of_strings_is_noticed(
    monkeypatch: pytest.MonkeyPatch, document: dict[str, Value], written: str
) -> None:
    inline = yaml_writer._inline_text
    monkeypatch.setattr(yaml_writer, "_inline_text", lambda text: written if text == "x y" else inline(text))
    with pytest.raises(WriterError, match=r"^what was written "):
        write_yaml([document])


@pytest.mark.parametrize("document", [{"a": "x\ny"}, _large("x\ny")], ids=["small", "large"])
def test_a_bug_in_the_writing_of_blocks_is_noticed(
    monkeypatch: pytest.MonkeyPatch, document: dict[str, Value]
) -> None:
    monkeypatch.setattr(yaml_writer, "_block", lambda text, pad: f" |\n{pad}  {text}\n")
    with pytest.raises(WriterError, match=r"^what was written "):
        write_yaml([document])


def test_the_message_of_a_bug_shows_both_readings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_writer, "_inline_text", lambda text: text)
    with pytest.raises(WriterError, match=r"reads as \('bool', 'yes'\) where \('str', 'yes'\) is meant"):
        write_yaml([{"a": "yes"}])


def test_without_the_c_parser_the_check_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_writer, "_LOADER", yaml.SafeLoader)
    texts = [text for text in NASTY if len(text) < 300]
    write_yaml([{"all": texts, "keys": dict.fromkeys(texts)}])
