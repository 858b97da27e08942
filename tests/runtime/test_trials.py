"""The trials of a plan: their runs, what these have left, and the order in which people see them."""

import json

import pytest

from automl.runtime.selection import Objective
from automl.runtime.trials import Trials, Values

AXES = {"lr": "AUTOML_PARAM_LR"}
TABLE = [["a", "0.1"], ["b", "0.2"], ["c", "0.3"], ["d", "0.4"]]


def left(*numbers: str | None) -> list[Values]:
    """What runs have left; None if one has failed."""
    return [None if number is None else {"auc": number} for number in numbers]


def trials(folds: int | None = None, maximize: bool = True) -> Trials:
    return Trials(AXES, TABLE, folds, objective={"output": "auc", "metric": "", "maximize": maximize})


def test_a_run_has_the_values_of_its_trial_and_the_number_of_its_fold() -> None:
    assert [tuple(run) for run in trials().runs()][:2] == [
        ("a", "a", {"AUTOML_PARAM_LR": "0.1"}),
        ("b", "b", {"AUTOML_PARAM_LR": "0.2"}),
    ]
    folds = {"AUTOML_PARAM_FOLD_INDEX": "1", "AUTOML_PARAM_FOLD_COUNT": "2"}
    assert [tuple(run) for run in trials(2).runs()][3] == ("b-1", "b", {"AUTOML_PARAM_LR": "0.2", **folds})
    assert [run.name for run in Trials(table=[[""]], folds=2).runs()] == ["fold-0", "fold-1"]


def test_what_the_runs_have_left_is_that_of_their_trial() -> None:
    assert [one.runs for one in trials().of(left("1", None, "3", "4"))] == [
        [{"auc": "1"}],
        [None],
        [{"auc": "3"}],
        [{"auc": "4"}],
    ]
    with_folds = trials(2).of(left("1", "2", "3", None, "5", "6", "7", "8"))
    assert [(one.name, one.params, one.runs) for one in with_folds][1] == (
        "b",
        {"lr": "0.2"},
        [{"auc": "3"}, None],
    )


@pytest.mark.parametrize(
    ("maximize", "numbers", "expected"),
    [
        (True, ("1", "3", "2", "4"), "dbca"),
        (False, ("1", "3", "2", "4"), "acbd"),
        (True, ("2", None, "2", "3"), "dacb"),
        (False, (None, "-1", "nan", "0"), "bdac"),
        (True, ("-1", "0", None, "-2"), "badc"),
        (True, (None, "nan", None, None), "abcd"),
    ],
)
def test_the_best_come_first_and_those_without_a_number_last(
    maximize: bool, numbers: tuple[str | None, ...], expected: str
) -> None:
    ranking = trials(maximize=maximize).ranking(left(*numbers))
    assert "".join(trial.name for trial, _ in ranking) == expected
    scores = {trial.name: score for trial, score in ranking}
    finite = [None if number in (None, "nan") else float(number) for number in numbers]
    assert list(map(scores.get, "abcd")) == finite


def test_without_an_objective_they_are_in_the_order_of_the_table() -> None:
    plain = Trials(AXES, TABLE)
    values = left("1", "3", "2", "4")
    assert [(trial.name, score) for trial, score in plain.ranking(values)] == [
        (name, None) for name in "abcd"
    ]
    outcome = plain.ended(values)
    assert (outcome.best, outcome.objective, outcome.said()) == (None, None, {})
    with pytest.raises(ValueError, match="1 of 4 trials have failed, and 0 may: b"):
        plain.ended(left("1", None, "2", "4"))


def test_people_are_told_the_best_with_its_values_and_its_number() -> None:
    outcome = trials().ended(left("1", "3", "2", "2.5"))
    assert outcome.said() == {"best": "b", "lr": "0.2", "auc": "3.0"}
    assert outcome.objective == Objective("auc")


def test_a_source_names_what_is_taken_of_the_best_or_of_all() -> None:
    outcome, types = trials(2).ended(left("1", "2", "9", "4", "0", "0", "1", "1")), {"auc": "float"}
    assert outcome.value({"task": "t", "param": "lr"}, types) == "0.2"
    assert outcome.value({"task": "t", "best": "auc"}, types) == "6.5"
    assert json.loads(outcome.value({"task": "t", "all": "auc"}, types)) == [1, 2, 9, 4, 0, 0, 1, 1]
