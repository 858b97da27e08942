"""What may be a value, and how it travels."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.runtime.outputs import LIMIT, checked, decode, encode, framed, refuse_too_much, unframed

VALUES = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]*", fullmatch=True)
NASTY = [
    "", " ", "\n", "\n\n", "\r\n", "a b", "$(HOME)", "$$", "${X}", "{{workflow.name}}", "@(X)", "@@", "%41", "%", "é",
    "日本 🚀", '"', "'", "`id`", "\\n", "\t", "{}", "null", "-", "--", "\u2028", "\ufeff", "\x7f", "a: b", "- x", "#", "[1]",
]  # fmt: skip


@pytest.mark.parametrize("value", NASTY)
def test_nasty_values_travel(value: str) -> None:
    assert decode(encode(value)) == value
    assert set(encode(value)).isdisjoint("${}\"'`\\\n\r\t")
    assert encode(value).isascii()
    assert encode(value).isprintable()


@given(value=VALUES)
def test_every_value_travels(value: str) -> None:
    encoded = encode(value)
    assert decode(encoded) == value
    assert encoded.isascii()
    assert encoded.isprintable()
    assert set(encoded).isdisjoint("${}\"'`\\")


@pytest.mark.parametrize(
    "value",
    ["0.93", "1e-05", "True", "s3://bucket/a-b_c.d~e/", "2026-11-21 23:00:00,5", "[1]<2>(3)", "a=b&c|d;e"],
)
def test_ordinary_values_look_the_same(value: str) -> None:
    assert encode(value) == value


@pytest.mark.parametrize(
    "text", ["{{tasks.a.outputs.parameters.x}}", "%", "%4", "%zz", "a\n", "é", "%FF", '"1"']
)
def test_what_was_not_encoded_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # some by its own message, some by that of UTF-8
        decode(text)


@given(values=st.dictionaries(NAMES, VALUES))
def test_every_message_can_be_read(values: dict[str, str]) -> None:
    assert unframed(framed(values)) == values
    assert list(unframed(framed(values))) == list(values)


@pytest.mark.parametrize(
    "message",
    [b"\n", b"x", b"a 1\n", b"a 1\nb", b"a 1\nbc\n", b"a -1\n\n", b"a 1\nb\nrest", b"OOMKilled", b"a 2\n\n"],
)
def test_what_is_no_message_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match="no values are in the message"):
        unframed(message)


GOOD = [
    ("text", b"", ""),
    ("text", b"\n", ""),
    ("text", b"a\n\n", "a\n"),
    ("text", b"a\r\n", "a\r"),
    ("text", "é 🚀\n".encode(), "é 🚀"),
    ("int", b"-12\n", "-12"),
    ("int", b" 7\r\n", "7"),
    ("float", b"1e-05\n", "1e-05"),
    ("float", b".5", ".5"),
    ("float", b"5", "5"),
    ("float", b"nan", "nan"),
    ("float", b"-inf", "-inf"),
    ("bool", b"True\n", "true"),
    ("bool", b"false", "false"),
    ("json", b' {"a": [1, null]} \n', ' {"a": [1, null]} '),
    ("json", b"3", "3"),
    ("metrics", b'{"auc": 0.5, "n": 3}', '{"auc": 0.5, "n": 3}'),
    ("metrics", b"{}", "{}"),
]


@pytest.mark.parametrize(("type", "content", "expected"), GOOD)
def test_value_of_its_type(type: str, content: bytes, expected: str) -> None:
    assert checked("x", type, content) == expected


BAD = [
    ("text", b"\xff", "is no text in UTF-8"),
    ("text", b"\xed\xa0\x80", "is no text in UTF-8"),
    ("text", b"a\0b", "has a character U+0000"),
    *(
        ("int", text, "is not a whole number: ")
        for text in (b"", b"1.0", b"1_000", b"0x1", "٣".encode(), b"1 2")
    ),
    *(
        ("float", text, "is not a number: ")
        for text in (b"", b"abc", b"1_0.5", b"1,5", b"0.5 auc", b"e5", b".")
    ),
    *(("bool", text, "is not true or false: ") for text in (b"", b"yes", b"1", b"t")),
    *(("json", text, "is not JSON: ") for text in (b"", b"{a: 1}", b"NaN", b"[" * 3000, b"{} {}")),
    *(
        ("metrics", text, "is not a JSON object of finite numbers: ")
        for text in (
            b"",
            b"3",
            b"[1]",
            b'{"a": "1"}',
            b'{"a": true}',
            b'{"a": NaN}',
            b'{"a": 1e999}',
            b'{"a": {}}',
        )
    ),
    ("metrics", b'{"a": %s}' % (b"9" * 400), "is not a JSON object of finite numbers: "),
]


@pytest.mark.parametrize(("type", "content", "message"), BAD)
def test_value_of_another_type(type: str, content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=r"^the output 'my-x' ") as error:
        checked("my-x", type, content)
    assert message in str(error.value)
    assert len(str(error.value)) < 200


def test_values_take_so_much_together() -> None:
    half = "é" * (LIMIT // 4)
    refuse_too_much({})
    refuse_too_much({"a": half, "b": half})
    with pytest.raises(ValueError, match="the values a, b take 3,073 bytes; at most 3,072"):
        refuse_too_much({"a": half, "b": f"{half}x"})
    with pytest.raises(ValueError, match="the output 'a' takes 3,073 bytes"):
        refuse_too_much({"a": f"{half}{half}x"})


@given(value=st.recursive(st.none() | st.booleans() | st.integers() | VALUES, st.lists))
def test_every_json_is_json(value: object) -> None:
    text = json.dumps(value)
    assert checked("x", "json", text.encode()) == text
