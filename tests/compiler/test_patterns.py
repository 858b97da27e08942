"""Patterns are compiled when they are first used, and are then what `re.compile` gives."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from automl.compiler.patterns import compiled_later, regex

ROOT = Path(__file__).resolve().parents[2]
USERS = [
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    for folder in ("compiler", "targets", "cli")
    for path in (ROOT / folder).rglob("*.py")
    if "import regex" in path.read_text(encoding="utf-8")
]


def test_nothing_is_compiled_before_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    compile = re.compile

    def noted(text: str, flags: int = 0) -> re.Pattern[str]:
        compiled.append(text)
        return compile(text, flags)

    monkeypatch.setattr("automl.compiler.patterns._compile", noted)
    word = regex(r"\w+")
    assert compiled == []
    assert [word.findall("a b"), word.sub("-", "a b"), word.split("a b")] == [
        ["a", "b"],
        "- -",
        ["", " ", ""],
    ]
    assert [match.span() for match in word.finditer("ab c")] == [(0, 2), (3, 4)]
    assert compiled == [r"\w+"]


def test_flags_bytes_and_positions_are_those_of_re() -> None:
    assert regex("a$", re.MULTILINE | re.IGNORECASE).findall("A\na") == ["A", "a"]
    assert regex(b"[\x80-\xff]").findall(b"a\xe9") == [b"\xe9"]
    assert regex("a").match("ba", 1)
    assert not regex("a").match("ba")
    assert not regex("a").fullmatch("ab")


def test_the_functions_of_re_take_it_for_a_compiled_one() -> None:
    assert [match.group() for match in re.finditer(regex(r"\w"), "a b")] == ["a", "b"]
    assert re.sub(regex("a"), "-", "ab") == "-b"
    assert isinstance(re.compile(regex("a")), re.Pattern)
    with pytest.raises(ValueError, match="cannot process flags"):
        re.compile(regex("a"), re.IGNORECASE)


def test_what_is_imported_within_it_gets_later_ones_and_nothing_else_does() -> None:
    compile = re.compile
    with compiled_later():
        word, none = re.compile(pattern=r"(\w+)", flags=re.ASCII), re.compile("(")
    assert re.compile is compile
    assert [type(word), type(none)] == [type(regex(""))] * 2
    assert word.findall("a é") == ["a"]
    with pytest.raises(re.error):
        none.search("")


def test_what_cannot_be_imported_leaves_re_as_it_was() -> None:
    compile = re.compile
    with pytest.raises(ImportError), compiled_later():
        import_module("automl.no_module")
    assert re.compile is compile


@pytest.mark.parametrize("name", USERS)
def test_every_expression_is_one(name: str) -> None:
    """Which is otherwise found out by the first text that is matched with it."""
    values = vars(import_module(f"automl.{name}".removesuffix(".__init__"))).values()
    patterns = [value for value in values if type(value) is type(regex(""))]
    for text, flags in [(pattern.pattern, pattern.flags) for pattern in patterns]:
        assert re.compile(text, flags)
