import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.compiler.suggest import did_you_mean, distance

FIELDS = ["name", "needs", "image", "stages", "steps", "resources", "memory", "timeout", "schedule", "env"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("nmae", "name"),
        ("nam", "name"),
        ("names", "name"),
        ("Image", "image"),
        ("NEEDS", "needs"),
        ("stage", "stages"),
        ("step", "steps"),
        ("resuorces", "resources"),
        ("resorce", "resources"),
        ("memroy", "memory"),
        ("time_out", "timeout"),
        ("envv", "env"),
        ("en", "env"),
        ("xyz", None),
        ("parallelism", None),
        ("", None),
        ("e", None),
    ],
)
def test_the_nearest_field(word: str, meant: str | None) -> None:
    assert did_you_mean(word, FIELDS) == meant


def test_a_synonym_goes_first_but_only_to_a_candidate() -> None:
    synonyms = {"dependencies": "needs", "nam": "image", "cron": "schedule"}
    assert did_you_mean("dependencies", FIELDS, synonyms) == "needs"
    assert did_you_mean("Dependencies", FIELDS, synonyms) == "needs"
    assert did_you_mean("nam", FIELDS, synonyms) == "image"
    assert did_you_mean("cron", ["cron_job", "crond"], synonyms) == "crond"
    assert did_you_mean("dependencies", ["name"], synonyms) is None


def test_ties_do_not_hang_on_the_order_of_the_candidates() -> None:
    for order in itertools.permutations(["prep", "drop", "crop", "prop"]):
        assert did_you_mean("trop", order) == "crop"
        assert did_you_mean("pryp", order) == "prep"  # the first letter counts before the alphabet


def test_no_candidates() -> None:
    assert did_you_mean("a", []) is None
    assert did_you_mean("a", ["b", "c"]) is None
    assert did_you_mean("a", iter(["ab"])) == "ab"


@pytest.mark.parametrize(
    ("one", "other", "far"),
    [
        ("", "", 0),
        ("", "ab", 2),
        ("ab", "ba", 1),
        ("abc", "abd", 1),
        ("ca", "abc", 3),
        ("kitten", "sitting", 3),
    ],
)
def test_distance(one: str, other: str, far: int) -> None:
    assert distance(one, other) == distance(other, one) == far


@given(st.text(alphabet="abc", max_size=6), st.text(alphabet="abc", max_size=6))
def test_distance_is_bounded_by_the_lengths(one: str, other: str) -> None:
    far = distance(one, other)
    assert far == distance(other, one)
    assert (far == 0) == (one == other)
    assert abs(len(one) - len(other)) <= far <= max(len(one), len(other))
