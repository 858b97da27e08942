"""The records are what `typing.NamedTuple` makes of the same fields: for values, names, defaults, errors and copies."""

import copy
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.compiler import records

ROOT = Path(__file__).parents[2]

T = TypeVar("T")


class Theirs(NamedTuple):
    first: int
    second: str = "two"
    third: tuple[int, ...] = ()

    @property
    def both(self) -> str:
        return f"{self.first}{self.second}"


class Ours(records.NamedTuple):
    first: int
    second: str = "two"
    third: tuple[int, ...] = ()

    @property
    def both(self) -> str:
        return f"{self.first}{self.second}"


class Boxed(records.NamedTuple, Generic[T]):
    value: T


class Special(Ours):
    """A class under a named tuple has its fields."""


class Animal(records.Record, kw_only=True):
    name: str
    legs: int = 4


class Bird(Animal, kw_only=True):
    wings: int


class Place(records.Record):
    name: str
    legs: int = 4


class Kept(records.Record, Generic[T]):
    value: T


class KeptTwice(Kept[str]):
    again: str


def outcome(make: Callable[[], Any]) -> Any:
    """What came of it: the fields and the repr, or the type of the error."""
    try:
        made = make()
    except (TypeError, ValueError) as error:
        return type(error)
    return tuple(made), repr(made).partition("(")[2], made.both, made._asdict(), hash(made), made._fields


NAMES = st.sampled_from(["first", "second", "third", "fourth"])
VALUES = st.one_of(st.integers(), st.text(max_size=3), st.tuples(st.integers()))


@given(st.lists(VALUES, max_size=4), st.dictionaries(NAMES, VALUES))
def test_it_is_made_as_that_of_typing(by_place: list[Any], by_name: dict[str, Any]) -> None:
    assert outcome(lambda: Ours(*by_place, **by_name)) == outcome(lambda: Theirs(*by_place, **by_name))


@given(st.dictionaries(NAMES, VALUES))
def test_it_is_changed_as_that_of_typing(by_name: dict[str, Any]) -> None:
    assert outcome(lambda: Ours(1)._replace(**by_name)) == outcome(lambda: Theirs(1)._replace(**by_name))


@given(st.lists(VALUES, max_size=4))
def test_it_is_made_of_values_as_that_of_typing(values: list[Any]) -> None:
    assert outcome(lambda: Ours._make(values)) == outcome(lambda: Theirs._make(values))


def test_it_has_what_tells_of_its_fields() -> None:
    for name in ("_fields", "_field_defaults", "__match_args__", "__annotations__"):
        assert getattr(Ours, name) == getattr(Theirs, name)
    assert not hasattr(Ours(1), "__dict__")
    assert isinstance(Ours(1), tuple)


def test_a_copy_and_a_pickle_are_equal_and_of_the_same_class() -> None:
    for record in (Ours(1, "x"), Boxed([1]), Special(2)):
        for made in (copy.copy(record), copy.deepcopy(record), pickle.loads(pickle.dumps(record))):
            assert made == record
            assert type(made) is type(record)


def test_a_class_under_a_record_has_its_fields_and_its_repr() -> None:
    special = Special(2)
    assert special._fields == ("first", "second", "third")
    assert special._replace(first=3) == (3, "two", ())
    assert type(special._replace(first=3)) is Special
    assert repr(special) == "Special(first=2, second='two', third=())"


def test_a_record_becomes_one_of_a_class_under_its_own() -> None:
    assert Animal(name="wren", legs=2)._as(Bird, wings=2) == Bird(name="wren", legs=2, wings=2)
    for own in ({}, {"wing": 2}, {"wings": 2, "legs": 3}):
        with pytest.raises(TypeError, match=r"Bird has \('wings',\) besides"):
            Animal(name="wren")._as(Bird, **own)


def test_the_fields_of_two_classes_with_as_many_are_not_mixed() -> None:
    class One(records.NamedTuple):
        left: int
        right: int

    class Other(records.NamedTuple):
        right: int
        left: int = 0

    assert One(left=1, right=2) == (1, 2)
    assert Other(right=2) == (2, 0)
    with pytest.raises(TypeError, match=r"One\.__new__\(\) missing 1 required positional argument: 'right'"):
        One(1)  # type: ignore[call-arg]


def test_the_default_comes_last_and_no_name_is_hidden() -> None:
    with pytest.raises(TypeError, match="a field without a default follows one that has one"):
        records._Meta("Wrong", (records.NamedTuple,), {"__annotations__": {"a": int, "b": int}, "a": 1})  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="a field cannot begin with an underscore: '_a'"):
        records._Meta("Wrong", (records.NamedTuple,), {"__annotations__": {"_a": int}})  # type: ignore[attr-defined]


@pytest.mark.parametrize("package", ["compiler", "targets", "cli", "images", "schemas"])
def test_no_module_of_the_compiler_makes_them_as_typing_does(package: str) -> None:
    theirs = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"from typing import .*\bNamedTuple\b|typing\.NamedTuple\(", path.read_text())
    ]
    assert theirs == (["compiler/records.py"] if package == "compiler" else [])


def test_a_record_adds_the_fields_of_the_classes_above_it() -> None:
    bird = Bird(wings=2, name="wren", legs=2)
    assert (bird.name, bird.legs, bird.wings) == ("wren", 2, 2)
    assert Bird._fields == ("name", "legs", "wings")
    assert bird._asdict() == {"name": "wren", "legs": 2, "wings": 2}
    assert bird._replace(legs=1) == Bird(wings=2, name="wren", legs=1)
    assert isinstance(bird, Animal)
    kept = KeptTwice("a", "b")
    assert (kept.value, kept.again) == ("a", "b")


def test_a_record_whose_fields_are_given_by_name_takes_no_others() -> None:
    with pytest.raises(TypeError, match=r"Animal\.__new__\(\) takes 1 positional argument but 2 were given"):
        Animal("wren")  # type: ignore[call-arg]
    with pytest.raises(
        TypeError, match=r"Bird\.__new__\(\) missing 1 required keyword-only argument: 'wings'"
    ):
        Bird(name="wren")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'tail'"):
        Animal(name="wren", tail=1)  # type: ignore[call-arg]


def test_records_of_two_classes_are_never_equal() -> None:
    one: object = Animal(name="x")
    other: object = Place("x")
    assert (one == other, one != other, other == ("x", 4)) == (False, True, False)
    assert (one == Animal(name="x"), one != Animal(name="x"), one != Animal(name="y")) == (True, False, True)
    assert len({one, other, Animal(name="x"), Place("x", 4)}) == 2


def test_a_record_cannot_be_changed_and_has_nothing_besides() -> None:
    with pytest.raises(TypeError, match="'Place' object is not iterable"):
        tuple(Place("x"))  # type: ignore[arg-type]
    for name in ("name", "other"):
        with pytest.raises(AttributeError):
            setattr(Place("x"), name, "y")
    for record in (Bird(wings=2, name="wren"), KeptTwice("a", "b")):
        for made in (copy.copy(record), copy.deepcopy(record), pickle.loads(pickle.dumps(record))):
            assert made == record
