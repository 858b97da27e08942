"""What is read from bytes: values, places and complaints."""

import gc
import gzip
import json
import re
from pathlib import Path
from typing import Any, TypeAlias
from unittest.mock import patch

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automl.compiler.diagnostics import Code, Diagnostic, Severity, in_order
from automl.compiler.driver import Input, Overrides, analyse
from automl.compiler.source import Source, Span
from automl.compiler.tree import reader
from automl.compiler.tree.budgets import MAX_ALIASED_VALUES
from automl.compiler.tree.decoding import MAX_BYTES, MOST_CHARACTERS_NAMED, decode
from automl.compiler.tree.nodes import Mapping, Node, Scalar, Sequence, to_plain
from automl.compiler.tree.reader import MAX_DEPTH, read
from automl.compiler.tree.scalars import ambiguity, resolve
from automl.compiler.views.text import render
from automl.targets.writers.yaml import write_yaml
from tests import configs
from tests.examples import examples
from tests.targets.nasty import NASTY

Found: TypeAlias = list[tuple[str, int, int]]


def read_bytes(data: bytes) -> tuple[Mapping | None, list[Diagnostic]]:
    source, found = decode("config.yaml", data)
    return (None, found) if found else read(source)


def places(found: list[Diagnostic]) -> Found:
    return [(each.code.value, each.span.line, each.span.column) for each in found]


def read_tree(text: str) -> Mapping:
    root, found = read_bytes(text.encode())
    assert places(found) == []
    assert root is not None
    return root


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefg", "bcdefgh", strict=True)
)
MERGES = (
    f"a: &a {{{','.join(f'k{n}: 1' for n in range(1000))}}}\n" + f"m: {{<<: [{','.join(['*a'] * 101)}]}}\n"
)

# (name, bytes, what is found: code, line, column)
REFUSED: list[tuple[str, bytes, Found]] = [
    ("nothing", b"", [("AML012", 1, 1)]),
    ("comments only", b"# a\n# b\n", [("AML012", 1, 1)]),
    ("null", b"~\n", [("AML012", 1, 1)]),
    ("scalar", b"hello\n", [("AML012", 1, 1)]),
    ("no blank behind the colon", b"a:1\n", [("AML012", 1, 1)]),
    ("list", b"- a\n", [("AML012", 1, 1)]),
    ("two documents", b"a: 1\n---\nb: 2\n", [("AML009", 2, 1)]),
    ("100,000 documents", b"---\n" * 100_000, [("AML009", 2, 1)]),
    ("text behind the end", b"a: 1\n...\nb: 2\n", [("AML002", 3, 1)]),
    ("duplicate key", b"a: 1\nb: 2\na: 3\n", [("AML005", 3, 1)]),
    ("duplicate key below", b"s:\n  - name: x\n    name: z\n", [("AML005", 3, 5)]),
    ("number and text as one key", b'1: a\n"1": b\n', [("AML005", 2, 1)]),
    ("three times", b"a: 1\na: 2\na: 3\n", [("AML005", 2, 1), ("AML005", 3, 1)]),
    ("undefined alias", b"a: *nope\n", [("AML006", 1, 4)]),
    ("billion laughs", BOMB.encode(), [("AML006", 5, 29)]),
    ("merges without end", MERGES.encode(), [("AML006", 2, 157)]),
    ("list in itself", b"a: &a [*a]\n", [("AML006", 1, 8)]),
    ("mapping in itself", b"a: &a\n  b: *a\n", [("AML006", 2, 6)]),
    ("merged into itself", b"a: &a\n  <<: *a\n", [("AML006", 2, 7)]),
    ("merge of text", b"a: {<<: x}\n", [("AML006", 1, 9)]),
    ("merge of lists", b"a: &a {b: 1}\nc: {<<: [*a, [*a], 1]}\n", [("AML006", 2, 14), ("AML006", 2, 20)]),
    ("20,000 brackets", b"a: " + b"[" * 20_000, [("AML011", 1, 67)]),
    ("500 levels", b"a: " + b"[" * 500 + b"]" * 500, [("AML011", 1, 67)]),
    ("3,000 levels", b"".join(b" " * n + b"a:\n" for n in range(3000)), [("AML011", 65, 65)]),
    ("too large", b"#" * (MAX_BYTES + 1), [("AML011", 1, 1)]),
    ("tab", b"a:\n\tb: 1\n", [("AML003", 2, 1)]),
    ("tab behind blanks", b"a:\n  b: 1\n  \tc: 2\n", [("AML003", 3, 3)]),
    ("blanks and a tab only", b"  \n\t\n", [("AML003", 2, 1)]),
    ("UTF-16", "a: 1\n".encode("utf-16"), [("AML001", 1, 1)]),
    ("Latin-1", b"a: caf\xe9\n", [("AML001", 1, 7)]),
    ("Latin-1 behind a byte order mark", b"\xef\xbb\xbfa: caf\xe9\n", [("AML001", 1, 7)]),
    ("Latin-1 behind UTF-8", "é: 1\nü: ".encode() + b"\xe9\n", [("AML001", 2, 4)]),
    ("half a character", b"a: \xc3", [("AML001", 1, 4)]),
    ("gzip", gzip.compress(b"a: 1\n", mtime=0), [("AML001", 1, 2)]),
    ("NUL", b"a: x\0y\n", [("AML004", 1, 5)]),
    ("BEL", b"a: x\x07y\n", [("AML004", 1, 5)]),
    ("DEL", b"a: x\x7fy\n", [("AML004", 1, 5)]),
    ("bidirectional override", "a: x\u202e\u2066y\n".encode(), [("AML004", 1, 5), ("AML004", 1, 6)]),
    ("NUL as an escape", b'a: "x\\0y"\n', [("AML004", 1, 4)]),
    ("half a surrogate pair", b'a: "\\ud800"\n', [("AML002", 1, 7)]),
    (
        "only control characters",
        b"\x01" * 100_000,
        [("AML004", 1, 1 + n) for n in range(MOST_CHARACTERS_NAMED)],
    ),
    ("python tag", b"a: !!python/object/apply:os.system [x]\n", [("AML007", 1, 4)]),
    ("own tag", b"a: !Ref x\n", [("AML007", 1, 4)]),
    ("binary", b"a: !!binary aGVsbG8=\n", [("AML007", 1, 4)]),
    ("set", b"a: !!set {x, z}\n", [("AML007", 1, 4)]),
    ("int of text", b"a: !!int abc\n", [("AML007", 1, 4)]),
    ("tag on the wrong kind", b"a: !!map x\n", [("AML007", 1, 4)]),
    ("tag on a key", b"!!int 1: x\n", [("AML007", 1, 1)]),
    ("list as a key", b"? [a, b]\n: 1\n", [("AML008", 1, 3)]),
    ("braces", b"a: {{ foo }}\n", [("AML008", 1, 4)]),
    ("null as a key", b"a: 1\n~: b\n", [("AML008", 2, 1)]),
    ("empty keys", b": a\n: b\n", [("AML002", 1, 1)]),
    ("unclosed quote", b'a: "x\nb: 1\n', [("AML002", 1, 4)]),
    ("unclosed bracket", b"a: [1, 2\n", [("AML002", 1, 4)]),
    ("bad indentation", b"a:\n  b: 1\n c: 2\n", [("AML002", 3, 2)]),
    ("bad block", b"a: |\n   x\n  y\n", [("AML002", 3, 3)]),
    ("a: b: c", b"a: b: c\n", [("AML002", 1, 4)]),
    ("at sign", b"a: @x\n", [("AML002", 1, 4)]),
    ("backquote", b"a: `x`\n", [("AML002", 1, 4)]),
    ("YAML 2", b"%YAML 2.0\n---\na: 1\n", [("AML002", 1, 1)]),
    ("line separator", "a: x\u2028b\n".encode(), [("AML002", 2, 1)]),
]

# (name, bytes, value)
ACCEPTED: list[tuple[str, bytes, Any]] = [
    ("byte order mark", b"\xef\xbb\xbfa: 1\n", {"a": 1}),
    ("one document", b"---\na: 1\n...\n", {"a": 1}),
    ("YAML 1.2", b"%YAML 1.2\n---\na: 1\n", {"a": 1}),
    ("no last line break", b"a: 1", {"a": 1}),
    ("tab behind the colon", b"a:\t1\n", {"a": 1}),
    ("tab in quotes and blocks", b'a: "\tx"\nb: |\n  x\ty\n', {"a": "\tx", "b": "x\ty\n"}),
    ("CRLF", b"a: 1\r\nb:\r\n- x\r\n", {"a": 1, "b": ["x"]}),
    ("CR", b"a: 1\rb: 2\r", {"a": 1, "b": 2}),
    ("NEL", "a: x\x85b: 1\n".encode(), {"a": "x", "b": 1}),
    ("equals sign", b"a: =\n", {"a": "="}),
    ("exponents", b"a: 1e3\nb: 1.0e+3\nc: 1e0\n", {"a": 1000.0, "b": 1000.0, "c": 1.0}),
    ("3.10", b"python: 3.10\n", {"python": 3.1}),
    ("quoted", b"a: '0123'\nb: \"no\"\nc: ''\n", {"a": "0123", "b": "no", "c": ""}),
    ("emoji and NFD", "a: 😀\nñ: n\u0303\n".encode(), {"a": "😀", "ñ": "n\u0303"}),
    ("zero-width blank", "a\u200b: 1\na: 2\n".encode(), {"a\u200b": 1, "a": 2}),
    ("anchor given twice", b"a: &x 1\nb: &x 2\nc: *x\n", {"a": 1, "b": 2, "c": 2}),
    ("anchors of everything", b"&k a: &v x\nb: *v\n*k : 1\nc: &m {*v : *k}\n", None),
    ("dollars", b"a: ${FOO}\nb: $(BAR)\n", {"a": "${FOO}", "b": "$(BAR)"}),
    ("hashes", b"a: b#c\nd: e #f\n", {"a": "b#c", "d": "e"}),
    ("nothing as a value", b"a:\nb: ~\n", {"a": None, "b": None}),
    ("keys are text", b"1: a\ntrue: b\n1.50: c\n", {"1": "a", "true": "b", "1.50": "c"}),
    ("the tags that change nothing", b"a: !!str 1\nb: !!map {}\nc: !!seq []\n", {"a": "1", "b": {}, "c": []}),
    ("a line of 5 MB", b"a: " + b"x" * 5_000_000, {"a": "x" * 5_000_000}),
    ("50,000 keys", b"".join(b"k%d: 1\n" % n for n in range(50_000)), {f"k{n}": 1 for n in range(50_000)}),
]  # fmt: skip


@pytest.mark.parametrize(("data", "found"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_refused_and_where(data: bytes, found: Found) -> None:
    diagnostics = read_bytes(data)[1]
    assert places(diagnostics) == found
    assert all(each.severity is Severity.ERROR for each in diagnostics)
    assert all(is_inside(each.span) for each in diagnostics)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("a: 1\n".encode("utf-16"), "the file is UTF-16"),
        ("a: 1\n".encode("utf-16-be"), "control character U+0000 is not allowed"),
        (b"\xfe\xff" + "a: 1\n".encode("utf-16-be"), "the file is UTF-16"),
        (b"a: caf\xe9\n", "byte 0xe9 is not UTF-8"),
        (b"\xef\xbb\xbfa: caf\xe9\n", "byte 0xe9 is not UTF-8"),
        (b"a: \xc3", "byte 0xc3 is not UTF-8"),
        (gzip.compress(b"a: 1\n", mtime=0), "byte 0x8b is not UTF-8"),
    ],
)
def test_bytes_that_are_no_text_are_named(data: bytes, message: str) -> None:
    assert read_bytes(data)[1][0].message == message


@pytest.mark.parametrize("between", ["", "\n", "\n  \n\n"])
def test_a_key_without_a_colon_is_named_however_far_above(between: str) -> None:
    """YAML takes it for text that goes on behind the empty lines."""
    _, [error] = read_bytes(f"name w\n{between}stages: {{}}\n".encode())
    assert (error.message, error.span.line) == ('a key needs a ":" behind it', 1)


@pytest.mark.parametrize(
    ("data", "value"), [row[1:] for row in ACCEPTED if row[2]], ids=[row[0] for row in ACCEPTED if row[2]]
)
def test_what_is_accepted(data: bytes, value: Any) -> None:
    root, found = read_bytes(data)
    assert places(found) == []
    assert root is not None
    assert to_plain(root) == value


@pytest.mark.parametrize(
    "where", ["labels: {KEY: b}", "envs: {KEY: b}", "KEY: b", "secrets: [{name: s, keys: {a: A, KEY: b}}]"]
)
@pytest.mark.parametrize("key", ["[x]", "{x: 1}", "? [x] ", "~"])
def test_of_a_key_that_is_none_only_that_is_said(where: str, key: str, folder: Path) -> None:
    text = f"stages: {{s: [{{step_name: a, image: c, entrypoint: [d], {where.replace('KEY', key)}}}]}}\n"
    found = judge(text.encode(), folder)
    assert [each.code for each in found if each.severity is Severity.ERROR] == [Code.KEY_TYPE]


def test_a_duplicate_shows_the_first_too() -> None:
    _, [found] = read_bytes(b"a: 1\nb: 2\na: 3\n")
    [related] = found.related
    assert (related.span.line, related.span.column) == (1, 1)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((text, None) for text in ("~", "null", "Null", "NULL", "")),
        *((text, True) for text in ("true", "True", "TRUE")),
        *((text, False) for text in ("false", "False", "FALSE")),
        *[("0", 0), ("-0", 0), ("+1", 1), ("-12", -12), ("9007199254740993", 9007199254740993)],
        *[("1.", 1.0), (".5", 0.5), ("-.5", -0.5), ("1e3", 1000.0), ("1E-4", 1e-4), ("+1.5e+2", 150.0), ("0e0", 0.0)],
        *((text, text) for text in ("nULL", "tRUE", "none", "nil", "-", "+", ".", "..", "e3", "1e", "--1", "1 2")),
        *((text, text) for text in ("0o7", "0x1F", "0b1", "012", "1_0", "1:30", ".inf", "-.INF", ".nan", "1e400")),
        *((text, text) for text in ("yes", "No", "on", "OFF", "y", "N", "2024-01-01", "1.2.3", "1,5", "\u0661", "\uff11")),
        ("1" * 300, int("1" * 300)),
        ("1" * 301, "1" * 301),
    ],
)  # fmt: skip
def test_what_an_unquoted_scalar_means(text: str, value: object) -> None:
    found = resolve(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        *((text, "a boolean") for text in ("yes", "No", "on", "OFF", "y", "N")),
        *((text, "an octal number") for text in ("012", "0o14", "08", "00", "-0_7")),
        *((text, "a hexadecimal number") for text in ("0x1F", "-0xff")),
        *((text, "a binary number") for text in ("0b101", "+0b1_0")),
        *((text, "a number") for text in ("1_000", "1e400", "1" * 301)),
        *((text, "a number in base 60") for text in ("12:30", "12:30:45", "1:2.5")),
        *((text, "a number that is not finite") for text in (".inf", "-.INF", ".NaN")),
        *(
            (text, "a date")
            for text in ("2024-01-01", "2024-1-1", "2024-01-01T10:00:00Z", "2024-01-01 10:00:00 +1")
        ),
        *(
            (text, None)
            for text in ("", "a", "nope", "yess", "1.2.3", "1:a", "-x", "a:1", "2024-01", "0x", "0b2", "+")
        ),
    ],
)
def test_what_other_readers_take_it_for(text: str, meaning: str | None) -> None:
    assert ambiguity(text) == meaning


def test_an_ambiguous_scalar_is_text_and_a_warning() -> None:
    root, found = read_bytes(b"a: no\non: [012, '012']\n")
    assert root is not None
    assert to_plain(root) == {"a": "no", "on": ["012", "012"]}
    assert places(found) == [("AML010", 1, 4), ("AML010", 2, 1), ("AML010", 2, 6)]
    assert found[0].message == '"no" is text here, but other YAML readers take it for a boolean'
    assert found[0].help == 'write "no", in quotes'


@pytest.mark.parametrize("text", NASTY)
def test_what_pyyaml_takes_for_no_text_is_the_same_here_or_a_warning(text: str) -> None:
    try:
        loaded = yaml.load(f"[{text}]\n", yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError):
        return
    root, found = read_bytes(f"a: [{text}]\n".encode("utf-8", "surrogatepass"))
    if found or not isinstance(loaded, list) or all(isinstance(each, str) for each in loaded):
        return
    assert root is not None
    assert json.dumps(to_plain(root)) == json.dumps({"a": loaded})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x: {<<: *b, cpu: 2}", {"cpu": 2, "gpu": 0}),
        ("x: {cpu: 2, <<: *b}", {"cpu": 2, "gpu": 0}),
        ("x: {<<: [*b, *c]}", {"cpu": 1, "gpu": 0, "disk": 5}),
        ("x: {<<: [*c, *b]}", {"cpu": 9, "gpu": 0, "disk": 5}),
        ("x: {<<: *b, <<: *c}", {"cpu": 1, "gpu": 0, "disk": 5}),
        ("x: {<<: {cpu: 3}}", {"cpu": 3}),
        ("x: {<<: {<<: *b, gpu: 4}}", {"cpu": 1, "gpu": 4}),
        ("x: {<<: []}", {}),
        ('x: {"<<": 1}', {"<<": 1}),
        ("x: [<<]", ["<<"]),
    ],
)
def test_merge_keys(text: str, value: Any) -> None:
    root = read_tree(f"b: &b {{cpu: 1, gpu: 0}}\nc: &c {{cpu: 9, disk: 5}}\n{text}\n")
    found = root.get("x")
    assert found is not None
    assert to_plain(found) == value


def test_merging_leaves_what_is_merged_alone() -> None:
    root = read_tree("b: &b {cpu: 1}\nx: {<<: *b, gpu: 2}\nz: {<<: *b}\n")
    assert to_plain(root) == {"b": {"cpu": 1}, "x": {"cpu": 1, "gpu": 2}, "z": {"cpu": 1}}


def test_the_budget_of_aliases() -> None:
    ninety_nine = ",".join("x" * 99)
    data = f"a: &a [{ninety_nine}]\nb: [{','.join(['*a'] * (MAX_ALIASED_VALUES // 100))}]\n"
    assert places(read_bytes(data.encode())[1]) == []
    [found] = read_bytes((data + "c: *a\n").encode())[1]
    assert (found.code, found.span.line) == (Code.ALIAS, 3)


def test_the_limit_of_depth() -> None:
    fits = "a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert places(read_bytes(fits.encode())[1]) == []
    assert places(read_bytes(fits.replace("[]", "[[]]").encode())[1]) == [("AML011", 1, MAX_DEPTH + 3)]


def test_aliases_do_not_get_around_the_limit_of_depth() -> None:
    half = MAX_DEPTH // 2
    data = f"a: &a {'[' * half}{']' * half}\nb: {'[' * (half - 1)}*a{']' * (half - 1)}\n"
    assert places(read_bytes(data.encode())[1]) == []
    data = f"a: &a {'[' * half}{']' * half}\nb: {'[' * half}*a{']' * half}\n"
    assert places(read_bytes(data.encode())[1]) == [("AML011", 2, half + 4)]
    lines = ["a0: &a0 [x]\n", *(f"a{n}: &a{n} {'[' * 30}*a{n - 1}{']' * 30}\n" for n in range(1, 50))]
    assert places(read_bytes("".join(lines).encode())[1]) == [("AML011", 4, 39)]


@settings(max_examples=examples(100), deadline=None)
@given(st.text(st.sampled_from("ab\n\r\x85\u2028\u2029\f"), max_size=12))
def test_lines_are_counted_as_yaml_ends_them(text: str) -> None:
    lines = re.split("\r\n|[\r\n\x85\u2028\u2029]", text)
    assert (Source("", text).line_count, Source("", text).lines) == (len(lines), lines)


def is_inside(span: Span) -> bool:
    """Whether a span lies in its text; it may point just behind the end of a line."""
    lines = span.source.lines
    if not 1 <= span.line <= span.end_line <= len(lines):
        return False
    starts = 1 <= span.column <= len(lines[span.line - 1]) + 1
    ends = 1 <= span.end_column <= len(lines[span.end_line - 1]) + 2
    return starts and ends and (span.line, span.column) <= (span.end_line, span.end_column)


def nodes(node: Node) -> list[Node]:
    found = [node]
    if isinstance(node, Sequence):
        for item in node.items:
            found += nodes(item)
    elif isinstance(node, Mapping):
        for entry in node:
            found += [entry.key, *nodes(entry.value)]
    return found


def written(span: Span) -> str:
    """The characters that a span covers."""
    lines = [*span.source.lines[span.line - 1 : span.end_line]]
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return "\n".join(lines)


def test_spans_cover_exactly_what_was_written() -> None:
    text = (
        "é😀: 'it''s'  # note\r\n"
        'two  : "a\\n😀"\n'
        "list: [one, {k: v},  [ ] ]\n"
        "map:\n"
        "  plain text: 1.50\n"
        "  &anchor key: &other value\n"
        "nothing:\n"
        "block: |\n"
        "  x\n"
        "  y\n"
        "long: a\n"
        "  b\n"
    )
    covered = [written(node.span) for node in nodes(read_tree(text))]
    assert covered[1:] == [
        *("é😀", "'it''s'", "two", '"a\\n😀"', "list", "[one, {k: v},  [ ] ]"),
        *("one", "{k: v}", "k", "v", "[ ]"),
        *("map", "plain text: 1.50\n  &anchor key: &other value\n", "plain text", "1.50"),
        *("&anchor key", "&other value", "nothing", "", "block", "|\n  x\n  y\n", "long", "a\n  b"),
    ]


_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [text for text in NASTY if len(text) < 300 and not any("\ud800" <= char <= "\udfff" for char in text)]
)
_numbers = st.integers(-(2**53), 2**53) | st.floats(-(2.0**53), 2.0**53).filter(
    lambda x: x == 0 or abs(x) > 1e-250
)
_documents = st.dictionaries(
    _texts,
    st.recursive(
        st.none() | st.booleans() | _numbers | _texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
        max_leaves=12,
    ),
    max_size=4,
)


@settings(max_examples=examples(150), deadline=None)
@given(_documents)
def test_what_our_writer_writes_is_read_as_it_was(document: dict[str, Any]) -> None:
    root, found = read_bytes(write_yaml([document]).encode())
    assert root is not None
    assert {each.code for each in found} <= {Code.CONTROL_CHARACTER}
    assert json.dumps(to_plain(root)) == json.dumps(document)


@settings(max_examples=examples(100), deadline=None)
@given(_documents)
def test_every_span_is_the_place_of_its_value(document: dict[str, Any]) -> None:
    root, _ = read_bytes(write_yaml([document]).encode())
    assert root is not None
    for node in nodes(root):
        assert is_inside(node.span)
        if isinstance(node, Scalar) and node.span.line == node.span.end_line:
            again = read_bytes(f"- {written(node.span)}\n".encode())[1]
            assert {each.code for each in again} <= {Code.NOT_A_MAPPING, Code.CONTROL_CHARACTER}
            source, _ = decode("", f"x: {written(node.span)}\n".encode())
            value = (read(source)[0] or root).get("x")
            assert isinstance(value, Scalar)
            assert (value.text, value.value) == (node.text, node.value)


# whatever is given, nothing is raised


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return configs.write_files(tmp_path_factory.mktemp("project"))


def judge(data: bytes, folder: Path) -> list[Diagnostic]:
    """Run everything that is the same for every engine, and look at what it found."""
    workflow, found = analyse(Input("config.yaml", data, folder), Overrides())
    found = in_order(found)
    assert all(
        is_inside(place) for each in found for place in (each.span, *(one.span for one in each.related))
    )
    assert (workflow is None) == any(each.severity is Severity.ERROR for each in found)
    shown = render(found)
    assert not set(shown) & {"\x1b", "\0", "\t", "\r", "\x85", "\u2028", "\u202e"}
    assert len(shown) < 5000 * (len(found) + 1)
    return found


def test_the_full_config_is_fine(folder: Path) -> None:
    assert [each for each in judge(configs.FULL.encode(), folder) if each.severity is Severity.ERROR] == []


_ANY = settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])


@_ANY
@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes(folder: Path, data: bytes) -> None:
    judge(data, folder)


@_ANY
@given(st.text(" \n\t:-#,[]{}&*!|>'\"%@`<~?=.0a1éy\u2028\u0085\ufeff", max_size=40))
def test_anything_like_yaml(folder: Path, text: str) -> None:
    judge(text.encode(), folder)


@_ANY
@given(st.one_of(configs.changed_texts()))
def test_any_change_of_the_text_of_a_config(folder: Path, text: str) -> None:
    judge(text.encode(), folder)


@_ANY
@given(configs.changed())
def test_any_change_of_the_values_of_a_config(folder: Path, config: dict[str, Any]) -> None:
    judge(write_yaml([config]).encode(), folder)


@_ANY
@given(configs.changed(), st.integers(0, 2000))
def test_any_start_of_a_config(folder: Path, config: dict[str, Any], length: int) -> None:
    judge(write_yaml([config]).encode()[:length], folder)


def in_full(node: Node | None) -> object:
    """All that is known of a tree."""
    if isinstance(node, Mapping):
        return node.span, [(name, *map(in_full, entry)) for name, entry in node.entries.items()]
    if isinstance(node, Sequence):
        return node.span, [in_full(item) for item in node.items]
    return node and (node.span, node.text, node.value, type(node.value), node.parts)


def read_both_ways(data: bytes) -> None:
    source, refused = decode("config.yaml", data)
    root, found = (None, refused) if refused else read(source)
    with patch.object(reader._Builder, "_take_simple", return_value=False):
        other, others = (None, refused) if refused else read(source)
    assert in_full(root) == in_full(other)
    assert [*found] == [*others]


@pytest.mark.parametrize("case", [*REFUSED, *ACCEPTED], ids=lambda case: case[0])
def test_the_short_way_of_scalars_reads_the_same(case: tuple[str, bytes, object]) -> None:
    read_both_ways(case[1])


@_ANY
@given(st.text(" \n:-#,[]{}&*!|>'\"~<\\0ey1", max_size=40) | configs.changed_texts())
def test_the_short_way_of_scalars_reads_any_text_the_same(text: str) -> None:
    read_both_ways(text.encode())


@pytest.mark.parametrize("text", ["a: yes", "010: 1", "a: |\n  x", "a: >\n x\n\n", "- x\n- 'y'", "a: '\n"])
def test_the_short_way_of_scalars_leaves_what_something_is_said_about(text: str) -> None:
    read_both_ways(text.encode())


def test_the_short_way_of_scalars_has_the_same_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in range(9):
        monkeypatch.setattr(reader, "MAX_VALUES", limit)
        read_both_ways(b"a: [1, 'b', &c d]\nb: *c\n")


@given(st.text("a\n\r\v\f\x1c\x85\u2028\u2029é"))
def test_lines_end_where_those_of_yaml_do(text: str) -> None:
    assert Source("", text).lines == re.split("\r\n|[\r\n\x85\u2028\u2029]", text)


def test_the_parser_without_libyaml_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = nodes(read_tree(configs.FULL))
    monkeypatch.setattr(reader, "_PARSER", yaml.Loader)
    pure = nodes(read_tree(configs.FULL))
    assert [written(node.span) for node in pure] == [written(node.span) for node in compiled]


def nodes_in_memory() -> int:
    return sum(isinstance(kept, Scalar | Sequence | Mapping) for kept in gc.get_objects())


@pytest.mark.parametrize(
    "text", ["a: [1, {b: c}]\nd: &x {<<: {e: f}}\ng: *x\n", "a: [1, {b: c}\n", "a: {b: !x c}\n"]
)
def test_what_was_read_goes_as_soon_as_nobody_has_it(text: str) -> None:
    """The command line collects no garbage: a tree in a circle would stay, with all that it was read from."""
    gc.collect()
    gc.disable()
    try:
        before = nodes_in_memory()
        found = read(Source("config.yaml", text))
        assert (nodes_in_memory() > before) == (found[0] is not None)
        del found
        assert nodes_in_memory() == before
    finally:
        gc.enable()
