import textwrap
from pathlib import Path

import pytest

from tests.digest import digest

ROOT = Path(__file__).parent.parent

STEPS = [f"- name: step-{number}\n  hash: {number * 0x9E3779B1 % 2**32:08x}\n" for number in range(100)]


def test_what_is_repeated_but_for_its_numbers_is_shown_twice() -> None:
    head, *lines, left_out = digest("".join(["steps:\n", *STEPS])).splitlines(keepends=True)
    assert head.startswith("201 lines, 3,297 bytes, sha256 ")
    assert lines == ["steps:\n", *STEPS[0].splitlines(True), *STEPS[1].splitlines(True)]
    assert left_out.startswith("… 98 times more these 2 lines, sha256 ")


def test_what_has_another_shape_is_shown() -> None:
    steps = [*STEPS[:50], STEPS[50].replace("step", "stop"), *STEPS[51:], "the end\n"]
    shown = digest("".join(steps))
    assert "- name: stop-50\n" in shown
    assert shown.count(" times more these 2 lines") == 2
    assert shown.endswith("the end\n")


@pytest.mark.parametrize("old", ["step-99", "step-50", STEPS[50][-9:-1]])
def test_no_change_of_what_is_left_out_is_lost(old: str) -> None:
    text = "".join(STEPS)
    changed = text.replace(old, old.translate(str.maketrans("0123456789", "1234567890")))
    pairs = zip(digest(text).splitlines(), digest(changed).splitlines(), strict=True)
    assert [place for place, (before, after) in enumerate(pairs) if before != after] == [0, 5]


def test_what_is_short_is_shown_whole() -> None:
    text = "".join([*STEPS[:4], "the end"])
    assert digest(text).partition("\n")[2] == text


@pytest.mark.parametrize("depth", [0, 4])
def test_a_program_is_named(depth: int) -> None:
    program = (ROOT / "runtime" / "states.py").read_text(encoding="utf-8")
    lines = textwrap.indent(program, " " * depth).splitlines(keepends=True)
    text = "".join(["data:\n", *lines, "more: 1\n"])
    head, *shown = digest(text).splitlines(keepends=True)
    assert shown == ["data:\n", f"{' ' * depth}… the {len(lines)} lines of runtime/states.py\n", "more: 1\n"]
    assert head.startswith(f"{len(lines) + 2} lines, {len(text.encode()):,} bytes, ")


def test_a_program_that_is_another_is_shown() -> None:
    program = (ROOT / "runtime" / "states.py").read_text(encoding="utf-8")
    text = program.replace("return", "raise", 1)
    assert digest(text).partition("\n")[2] == text
