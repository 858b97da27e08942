"""Diagnostics as people see them: the caret stands below what is meant, and nothing drives the terminal."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.driver import Input, Overrides, analyse
from automl.compiler.source import Source, Span
from automl.compiler.views.text import render, summary


def snippet(text: str, start: int, end: int, line: int = 1) -> list[str]:
    """The line shown, and the line with the carets, without their margins."""
    span = Span(Source("a.yaml", text), line, start, line, end)
    shown = render([Diagnostic(Code.WRONG_VALUE, "x", span)]).splitlines()
    assert shown[2].strip() == "|"
    return [shown[3].partition(" | ")[2], shown[4].partition(" | ")[2]]


@pytest.mark.parametrize(
    ("text", "start", "end", "shown", "carets"),
    [
        ("name: x", 7, 8, "name: x", "      ^"),
        ("name: x", 1, 5, "name: x", "^^^^"),
        ("name: x", 8, 9, "name: x", "       ^"),
        ("name: x", 8, 8, "name: x", "       ^"),
        ("a:\tx\ty", 4, 5, "a: x y", "   ^"),
        ("\ta", 1, 2, " a", "^"),
        ("日本: x", 5, 6, "日本: x", "      ^"),
        ("日本: x", 1, 3, "日本: x", "^^^^"),
        ("😀: 😀", 4, 5, "😀: 😀", "    ^^"),
        ("é: x", 4, 5, "é: x", "   ^"),
        ("e\u0301: x", 5, 6, "e\u0301: x", "   ^"),
        ("a\x1b[2J: x", 8, 9, "a\\x1b[2J: x", "          ^"),
        ("é\x1b[2J: x", 1, 6, "é\\x1b[2J: x", "^^^^^^^^"),
        ("\u200b\u202e: x", 5, 6, "\\u200b\\u202e: x", "              ^"),
        ("\xa0: x", 4, 5, "\\xa0: x", "      ^"),
        ("\ufeffa: x", 2, 3, "\\ufeffa: x", "      ^"),
        ("\U000e0041a", 2, 3, "\\U000e0041a", "          ^"),
    ],
)
def test_the_caret_is_below_the_character(text: str, start: int, end: int, shown: str, carets: str) -> None:
    assert snippet(text, start, end) == [shown, carets]


@pytest.mark.parametrize("start", [1, 50, 100, 500, 990, 1000])
def test_of_a_long_line_the_part_around_the_caret_is_shown(start: int) -> None:
    text = "".join(chr(ord("a") + number % 26) for number in range(1000))
    shown, carets = snippet(text, start, start + 3)
    assert len(shown) <= 160
    assert shown in text
    assert carets.strip() == "^" * min(3, 1001 - start)
    assert shown[carets.index("^") : carets.rindex("^") + 1] == text[start - 1 : start + 2]


@pytest.mark.parametrize(("length", "first"), [(160, 0), (161, 70)])
def test_a_line_is_cut_only_if_it_is_too_long(length: int, first: int) -> None:
    text = "".join(chr(ord("a") + number % 26) for number in range(length))
    assert snippet(text, 151, 152)[0] == text[first:]


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("a" * 500 + "b" * 500, "a" * 500 + "b" * 500),
        ("a" * 500 + "-" + "b" * 500, "a" * 500 + " … " + "b" * 500),
        ("a" * 5000 + "b" * 5000, "a" * 500 + " … " + "b" * 500),
    ],
    ids=["the longest", "one more", "many more"],
)
def test_of_a_long_message_its_ends_are_shown(message: str, shown: str) -> None:
    """The value in its middle may be anything; what is wrong with it stands before or behind it."""
    found = Diagnostic(Code.WRONG_VALUE, message, Source("a.yaml", "a: 1").start(), message)
    first, *_, help, _, end = render([found]).splitlines()
    assert (first, help, end) == (f"error[AML104]: {shown}", f"  = help: {shown}", "")


def test_a_long_span_is_cut_with_its_line() -> None:
    shown, carets = snippet("a" * 1000, 1, 1001)
    assert (shown, carets) == ("a" * 160, "^" * 160)


def test_a_span_of_several_lines_is_marked_to_the_end_of_the_first() -> None:
    span = Span(Source("a.yaml", "a: [x,   \n  y]\n"), 1, 4, 2, 5)
    assert render([Diagnostic(Code.WRONG_VALUE, "x", span)]).splitlines()[1:5] == [
        " --> a.yaml:1:4",
        "  |",
        "1 | a: [x,   ",
        "  |    ^^^",
    ]


def test_an_empty_line_is_not_shown() -> None:
    span = Span(Source("a.yaml", "a: 1\n"), 2, 1, 2, 2)
    assert render([Diagnostic(Code.SYNTAX, "x", span)]).splitlines()[1:] == [
        " --> a.yaml:2:1",
        "  = docs: automl explain AML002",
        "",
    ]


def test_related_places_share_the_margin() -> None:
    source = Source("a.yaml", "\n" * 8 + "a: 1\na: 2\n")
    first, second = (Span(source, line, 1, line, 2) for line in (9, 10))
    found = Diagnostic(Code.DUPLICATE_KEY, "twice", second, "remove one", (Related("first", first),))
    assert render([found]) == (
        "error[AML005]: twice\n"
        "  --> a.yaml:10:1\n"
        "   |\n"
        "10 | a: 2\n"
        "   | ^\n"
        "  ::: a.yaml:9:1\n"
        "   |\n"
        " 9 | a: 1\n"
        "   | ^ first\n"
        "   = help: remove one\n"
        "   = docs: automl explain AML005\n"
        "\n"
    )


def test_colour_changes_nothing_but_the_colour() -> None:
    source = Source("a.yaml", "a: 1\na: 2\n")
    first, second = (Span(source, line, 1, line, 2) for line in (1, 2))
    found = [Diagnostic(Code.DUPLICATE_KEY, "twice", second, None, (Related("first", first),))]
    coloured = render(found, colour=True)
    assert coloured.startswith("\x1b[1;31merror[AML005]\x1b[0m: twice\n")
    assert "\x1b[1;36m^\x1b[0m first\n" in coloured
    plain = coloured.replace("\x1b[0m", "")
    for number in (31, 33, 36):
        plain = plain.replace(f"\x1b[1;{number}m", "")
    assert plain == render(found)


@given(st.text(), st.text(), st.text(), st.integers(1, 9), st.integers(1, 9))
def test_no_character_drives_the_terminal(path: str, text: str, message: str, line: int, column: int) -> None:
    span = Span(Source(path, text), line, column, line, column + 1)
    shown = render([Diagnostic(Code.WRONG_VALUE, message, span, message, (Related("first", span),))])
    assert all(character.isprintable() for character in shown.replace("\n", ""))


def test_a_message_with_a_long_value_is_cut() -> None:
    span = Source("a.yaml", "a: 1").start()
    shown = render([Diagnostic(Code.WRONG_VALUE, f'"a" must be b, not "{"x" * 10**6}"', span)])
    assert len(shown) < 1500
    assert shown.startswith('error[AML104]: "a" must be b, not "xxx')
    assert shown.splitlines()[0].endswith('xxx"')


@pytest.mark.parametrize(
    ("codes", "text"),
    [
        ([], ""),
        ([Code.CHANGED_NAME], ""),
        ([Code.SYNTAX], "1 error"),
        ([Code.SYNTAX, Code.TAB, Code.UNUSED_KEY], "2 errors, 1 warning"),
        ([Code.UNUSED_KEY, Code.PLAIN_SECRET], "2 warnings"),
    ],
)
def test_the_summary(codes: list[Code], text: str) -> None:
    start = Source("a.yaml", "").start()
    assert summary(Diagnostic(code, "x", start) for code in codes) == text


SECRET = "hunter2hunter2"
HIDDEN = {
    "variable": f"stages: {{s: [{{step_name: a, image: b, envs: {{PASSWORD: {SECRET}}}}}]}}\n",
    "variable with another mistake": f"stages: {{s: [{{step_name: a, image: b, envs: {{1A: x, PASSWORD: {SECRET}}}}}]}}\n",
    "variable with a wrong image": f"stages: {{s: [{{step_name: a, image: B C, envs: {{PASSWORD: {SECRET}}}}}]}}\n",
    "variable by its shape": f"stages: {{s: [{{step_name: a, image: b, envs: {{X: 'a://u:{SECRET}@h'}}}}]}}\n",
    "address": f"code: {{git: {{url: 'https://u:{SECRET}@h/x', ref: main}}}}\nstages: {{s: [{{step_name: a, path_to_executable: a.py}}]}}\n",
    "address with a wrong ref": f"code: {{git: {{url: 'https://u:{SECRET}@h/x', ref: a b}}}}\nstages: {{s: [{{step_name: a, path_to_executable: a.py}}]}}\n",
}  # fmt: skip


@pytest.mark.parametrize("text", HIDDEN.values(), ids=HIDDEN)
def test_a_credential_is_never_shown(text: str, tmp_path: Path) -> None:
    _, found = analyse(Input("config.yaml", text.encode(), tmp_path), Overrides("demo"))
    assert {Code.PLAIN_SECRET, Code.URL_CREDENTIALS} & {each.code for each in found}
    shown = render(found)
    assert SECRET not in shown
    assert shown.count("--> config.yaml:1:") == sum(each.span.line == 1 for each in found)


def test_a_credential_in_another_kind_of_address_is_never_shown(tmp_path: Path) -> None:
    text = HIDDEN["address"].replace("https://", "ssh://")
    _, found = analyse(Input("config.yaml", text.encode(), tmp_path), Overrides("demo"))
    assert SECRET not in render(found)


def many(*codes: Code) -> list[Diagnostic]:
    source = Source("a.yaml", "\n" * len(codes))
    return [Diagnostic(code, "x", Span(source, line, 1, line, 2)) for line, code in enumerate(codes, 1)]


def test_of_very_many_the_errors_are_shown_and_the_rest_is_counted() -> None:
    codes = [
        Code.UNUSED_KEY,
        *(2000 * [Code.CHANGED_NAME]),
        *(99 * [Code.SYNTAX]),
        Code.UNUSED_KEY,
        *(20 * [Code.CHANGED_NAME]),
    ]
    shown = render(many(*codes))
    assert shown.count("error[") == 99
    assert shown.count("warning[") == 1
    assert shown.startswith("warning[")
    assert shown.endswith("… and more: 1 warning, at least 2,020 infos\n\n")


def test_a_hundred_are_shown_whole() -> None:
    shown = render(many(*(100 * [Code.SYNTAX])))
    assert shown.count("error[") == 100
    assert "more" not in shown
    shown = render(many(*(101 * [Code.SYNTAX])))
    assert "a.yaml:100:1" in shown
    assert shown.endswith("… and more: 1 error\n\n")


def test_the_summary_counts_what_is_not_shown() -> None:
    assert summary(many(*(999 * [Code.SYNTAX]), Code.UNUSED_KEY)) == "999 errors, 1 warning"
    assert summary(many(*(1000 * [Code.SYNTAX]))) == "at least 1,000 errors"
