"""What becomes of trials: which is the best, what all have left, and when too many have failed."""

import ast
import json
import math
import random
import statistics
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from automl.runtime.selection import Objective, Trial, as_json, best, collected, mean, refuse_failures

AUC = Objective("auc")
LOSS = Objective("loss", maximize=False)
NO_NUMBERS = ["nan", "NaN", "inf", "-inf", "Infinity", "", "text", "1e999", "null", "true"]


def trial(name: str, *values: str | None, output: str = "auc") -> Trial:
    """A trial of which each run has left a value, or has failed."""
    return Trial(name, {"x": name}, [None if value is None else {output: value} for value in values])


def best_name(trials: Sequence[Trial], objective: Objective = AUC) -> str:
    return best(trials, objective).name


def test_the_best_has_the_greatest_or_the_least_number() -> None:
    trials = [trial("a", "0.5"), trial("b", "0.75"), trial("c", "0.25")]
    assert best_name(trials) == "b"
    assert best_name(trials, Objective("auc", maximize=False)) == "c"


def test_numbers_are_compared_and_not_texts() -> None:
    assert best_name([trial("a", "9"), trial("b", "10"), trial("c", "1e1")]) == "b"
    assert best_name([trial("a", "-1"), trial("b", "-0.5")]) == "b"
    assert best_name([trial("a", "1e-3"), trial("b", "2e-4")], Objective("auc", maximize=False)) == "b"


@pytest.mark.parametrize("maximize", [True, False])
def test_of_equals_the_first_is_the_best(maximize: bool) -> None:
    trials = [trial("a", "nan"), trial("b", "1"), trial("c", "1.0"), trial("d", "1e0")]
    assert best_name(trials, Objective("auc", maximize=maximize)) == "b"
    assert best_name(trials[::-1], Objective("auc", maximize=maximize)) == "d"


@pytest.mark.parametrize("text", NO_NUMBERS)
@pytest.mark.parametrize("maximize", [True, False])
def test_what_has_no_number_is_no_candidate(text: str, maximize: bool) -> None:
    objective = Objective("auc", maximize=maximize)
    assert best_name([trial("a", text), trial("b", "0"), trial("c", text)], objective) == "b"
    with pytest.raises(ValueError, match="no trial has succeeded with a number for auc, so none is the best"):
        best([trial("a", text), trial("b", text)], objective)


def test_what_has_failed_is_no_candidate() -> None:
    assert best_name([trial("a", None), trial("b", "-5")]) == "b"
    with pytest.raises(ValueError, match="so none is the best"):
        best([trial("a", None), trial("b", None)], AUC)
    with pytest.raises(ValueError, match="so none is the best"):
        best([], AUC)


def test_what_left_another_output_is_no_candidate() -> None:
    assert best_name([trial("a", "5", output="loss"), trial("b", "1")]) == "b"


def test_a_number_in_metrics_has_a_name_of_its_own() -> None:
    objective = Objective("metrics", "val.auc")
    assert str(objective) == "metrics.val.auc"
    assert str(AUC) == "auc"
    left = ['{"val.auc": 0.5}', '{"val.auc": 0.75, "auc": 0}', '{"auc": 1}', "[1]", '{"val.auc": NaN}', "5"]
    trials = [trial(str(number), text, output="metrics") for number, text in enumerate(left)]
    assert best_name(trials, objective) == "1"
    for text in ('{"val.auc": true}', '{"val.auc": [1]}', '{"val.auc": null}', '{"val.auc": {}}', "null"):
        with pytest.raises(ValueError, match=r"a number for metrics\.val\.auc"):
            best([trial("a", text, output="metrics")], objective)


def test_with_folds_the_mean_counts() -> None:
    assert best_name([trial("a", "1", "0", "0"), trial("b", "0.5", "0.5", "0.5")]) == "b"
    assert best_name([trial("a", "1", "0", "0"), trial("b", "0.5", "0.5", "0.5")], LOSS_OF_AUC) == "a"


LOSS_OF_AUC = Objective("auc", maximize=False)


@pytest.mark.parametrize("missing", [None, "nan", "text"])
def test_a_trial_without_a_number_in_a_fold_is_no_candidate(missing: str | None) -> None:
    assert best_name([trial("a", "9", missing, "9"), trial("b", "1", "1", "1")]) == "b"


def test_the_mean_is_of_all_folds_and_does_not_depend_on_their_order() -> None:
    tenth = ["0.1"] * 10
    assert trial("a", *tenth).score(AUC) == 0.1
    assert best_name([trial("a", "1e100", "1", "-1e100"), trial("b", "-1e100", "1e100", "1")]) == "a"


def test_a_mean_is_a_number_where_the_sum_is_none() -> None:
    assert mean([1e308, 1.5e308]) == 1.25e308
    assert mean([1.7976931348623157e308] * 3) == 1.7976931348623157e308
    assert math.isnan(mean([math.inf, -math.inf]))
    assert best_name([trial("a", "1e308", "1.7e308"), trial("b", "1.6e308", "1.6e308")]) == "b"


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=9), st.randoms())
def test_the_mean_is_that_of_exact_fractions(numbers: list[float], chance: random.Random) -> None:
    shuffled = list(numbers)
    chance.shuffle(shuffled)
    assert mean(numbers) == mean(shuffled)
    assert mean(numbers) == float(statistics.mean(map(Fraction, numbers)))


texts = (
    st.sampled_from([*NO_NUMBERS, "0", "1", "1.0", "-2.5", "1e3", "0.1"]) | st.floats().map(repr) | st.none()
)


def _naive(table: list[list[str | None]], maximize: bool) -> int | None:
    """The row of the best, the long way."""
    winner, highest = None, None
    for row, cells in enumerate(table):
        numbers = []
        for cell in cells:
            try:
                number = float(cell) if cell is not None else math.nan
            except ValueError:
                number = math.nan
            if math.isfinite(number):
                numbers.append(Fraction(number))
        if len(numbers) < len(cells):
            continue
        score = sum(numbers, Fraction(0)) / len(cells)
        score = score if maximize else -score
        if highest is None or score > highest:
            winner, highest = row, score
    return winner


@settings(max_examples=200)
@given(
    st.integers(1, 3).flatmap(
        lambda folds: st.lists(st.lists(texts, min_size=folds, max_size=folds), max_size=8)
    ),
    st.booleans(),
)
def test_the_best_is_that_of_the_long_way_and_depends_on_the_values_alone(
    table: list[list[str | None]], maximize: bool
) -> None:
    objective = Objective("auc", maximize=maximize)
    expected = _naive(table, maximize)
    trials = [trial(str(row), *cells) for row, cells in enumerate(table)]
    renamed = [Trial("same", {}, each.runs) for each in trials]
    if expected is None:
        with pytest.raises(ValueError, match="so none is the best"):
            best(trials, objective)
        return
    scores = [each.score(objective) for each in trials]
    winner = best(trials, objective)
    assume(len({score for score in scores if score is not None}) == len({*_exact_scores(table)}))
    assert winner is trials[expected]
    assert best(renamed, objective) is renamed[expected]


def _exact_scores(table: list[list[str | None]]) -> list[Fraction]:
    """Those of the candidates; two may differ by less than a float can tell."""
    scores = []
    for cells in table:
        try:
            numbers = [float(cell or "nan") for cell in cells]
        except ValueError:
            continue
        if all(map(math.isfinite, numbers)):
            scores.append(sum(map(Fraction, numbers), Fraction(0)) / len(numbers))
    return scores


def test_what_the_best_has_left_is_as_it_was_or_a_mean() -> None:
    assert trial("a", "1.50").output("auc", "float") == "1.50"
    assert trial("a", "1", "2").output("auc", "int") == "1.5"
    assert trial("a", "0.1", "0.2").output("auc", "float") == "0.15000000000000002"
    metrics = ['{"auc": 1, "loss": 4, "odd": 1}', '{"auc": 2, "loss": NaN, "new": 1}']
    assert json.loads(trial("a", *metrics).output("auc", "metrics")) == {"auc": 1.5}


def test_all_outputs_stand_in_the_order_of_the_table_and_of_the_folds() -> None:
    trials = [trial("b", "2", "1"), trial("a", None, "3"), trial("c", "nan", "1e3")]
    assert collected(trials, "auc", "float") == "[2.0, 1.0, null, 3.0, null, 1000.0]"
    assert collected([], "auc", "float") == "[]"


@pytest.mark.parametrize(
    ("text", "type", "value"),
    [
        ("5", "int", 5),
        ("1.50", "float", 1.5),
        ("inf", "float", None),
        ("true", "bool", True),
        ("False", "bool", False),
        ("5", "text", "5"),
        ('é "x"\n', "text", 'é "x"\n'),
        ("null", "text", "null"),
        ('{"a": [1, null]}', "json", {"a": [1, None]}),
        ("[NaN, 1, Infinity]", "json", [None, 1, None]),
        ('{"auc": 1}', "metrics", {"auc": 1}),
    ],
)
def test_a_value_is_one_of_json(text: str, type: str, value: object) -> None:
    plain = as_json(text, type)
    assert plain == value
    assert plain is value or not isinstance(value, bool)
    line = collected([trial("a", text)], "auc", type)
    assert json.loads(line, parse_constant=pytest.fail) == [value]
    assert "\n" not in line


def test_too_many_failures_are_refused_and_counted_by_trials() -> None:
    trials = [trial("a", None, None), trial("b", "1", None), trial("c", "1", "1")]
    refuse_failures(trials, 2)
    refuse_failures(trials[2:], 0)
    with pytest.raises(ValueError, match=r"^2 of 3 trials have failed, and 1 may: a, b$"):
        refuse_failures(trials, 1)
    many = [trial(str(number), None) for number in range(9)]
    with pytest.raises(ValueError, match=r"^9 of 9 trials have failed, and 0 may: 0, 1, 2, 3, 4 …$"):
        refuse_failures(many, 0)
    with pytest.raises(ValueError, match=r"have failed, and 4 may: 0, 1, 2, 3, 4$"):
        refuse_failures(many[:5], 4)
    with pytest.raises(ValueError, match=r"have failed, and 5 may: 0, 1, 2, 3, 4 …$"):
        refuse_failures(many[:6], 5)


def test_it_runs_on_python_3_8_with_the_standard_library() -> None:
    path = Path(__file__).parents[2] / "runtime" / "selection.py"
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"__future__", "collections.abc", "dataclasses", "fractions", "typing"}
