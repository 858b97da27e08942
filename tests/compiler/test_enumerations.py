"""The enumerations are what `enum` makes of the same members."""

import copy
import enum
import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from automl.compiler import enumerations

ROOT = Path(__file__).parents[2]


class TheirWord(enum.StrEnum):
    ONE_WORD = "one"
    TWO = "two"

    @property
    def is_two(self) -> bool:
        return self in (type(self).TWO, None)


class OurWord(enumerations.StrEnum):
    ONE_WORD = "one"
    TWO = "two"

    @property
    def is_two(self) -> bool:
        return self in (type(self).TWO, None)


class TheirNumber(enum.IntEnum):
    NOTHING = 0
    ONE = 1


class OurNumber(enumerations.IntEnum):
    NOTHING = 0
    ONE = 1


KINDS: list[tuple[Any, Any]] = [(OurWord, TheirWord), (OurNumber, TheirNumber)]
OF_A_KIND: list[Callable[[Any], Any]] = [
    len,
    lambda kind: [(member.name, member.value) for member in kind],
    lambda kind: [kind(member.value) is kind(member) is member for member in kind],
    lambda kind: [isinstance(member, kind) for member in kind],
    lambda kind: [getattr(kind, member.name) is member for member in kind],
    lambda kind: kind("three"),
    lambda kind: kind(3),
    lambda kind: sorted(kind, reverse=True) == list(kind)[::-1],
]
OF_A_MEMBER: list[Callable[[Any], Any]] = [
    str,
    repr,
    hash,
    json.dumps,
    lambda member: f"{member} {member:>5}",
    lambda member: member == member.value and member.value == member,
    lambda member: type(member.value),
    lambda member: {member: 1}[member.value] + {member.value: 1}[member],
    lambda member: bool(member),
    lambda member: member.is_two,
    lambda member: copy.copy(member) is copy.deepcopy(member) is pickle.loads(pickle.dumps(member)) is member,
    lambda member: member + member,
    lambda member: member < member.value,
]


def outcome(ask: Callable[[Any], Any], of: Any) -> object:
    try:
        told = ask(of)
    except (ValueError, AttributeError) as error:
        told = type(error), str(error)
    return re.sub("Their|Our", "", repr(told))


@pytest.mark.parametrize(("ours", "theirs"), KINDS)
@pytest.mark.parametrize("ask", OF_A_KIND)
def test_an_enumeration_is_what_enum_makes(ask: Callable[[Any], Any], ours: Any, theirs: Any) -> None:
    assert outcome(ask, ours) == outcome(ask, theirs)


@pytest.mark.parametrize(("ours", "theirs"), KINDS)
@pytest.mark.parametrize("ask", OF_A_MEMBER)
def test_a_member_is_what_enum_makes(ask: Callable[[Any], Any], ours: Any, theirs: Any) -> None:
    for our, their in zip(ours, theirs, strict=True):
        assert outcome(ask, our) == outcome(ask, their)


@pytest.mark.parametrize("package", ["compiler", "targets", "cli", "images", "schemas"])
def test_no_module_of_the_compiler_makes_them_as_enum_does(package: str) -> None:
    theirs = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"^ *(from|import) enum\b", path.read_text(), re.MULTILINE)
    ]
    assert theirs == (["compiler/enumerations.py"] if package == "compiler" else [])
