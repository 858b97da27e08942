"""Text for people about runs, made from what is known of these."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from automl.cli.account import account
from automl.cli.listing import in_order_of, listing
from automl.cli.live import in_room, last_line
from automl.cli.progress import Lines
from automl.cli.sites import site_here
from automl.cli.tables import duration, news, table
from automl.runs.model import FAILED, RUNNING, SKIPPED, STOPPED, SUCCEEDED, WAITING, Run, Task


def run(state: str, *tasks: Task, reason: str = "", name: str = "r", **more: dict[str, str]) -> Run:
    return Run(name, "w", state, reason, tasks=tasks, **more)  # type: ignore[arg-type]


def task(name: str, state: str, reason: str = "", tries: int = 1, url: str = "") -> Task:
    return Task(name, "stage", name, state, reason, tries, 1.0, 3.5, url)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.04, "0.0 s"),
        (59.94, "59.9 s"),
        (60, "1 min 00 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 00 min"),
        (90_061, "25 h 01 min"),
    ],
)
def test_times_are_said_as_one_says_them(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_columns_are_aligned_and_none_is_empty() -> None:
    assert table([("A", "B", "C"), ("long", "", "x"), ("s", "", "")]) == "A     C\nlong  x\ns\n"


def test_numbers_are_sorted_as_numbers_before_texts() -> None:
    runs = [run(SUCCEEDED, name=lr, params={"lr": lr}) for lr in ("10", "fast", "9", "1e-3")]
    runs.append(run(SUCCEEDED, name="without"))
    assert [one.id for one in in_order_of("params.lr", runs)] == ["1e-3", "9", "10", "fast", "without"]
    assert [one.id for one in in_order_of("-params.lr", runs)] == ["fast", "10", "9", "1e-3", "without"]


def test_a_metric_with_the_name_of_a_parameter_has_a_column_of_its_own() -> None:
    both = Run("r", "w", SUCCEEDED, params={"lr": "1", "n": "2"}, metrics={"lr": 0.25, "auc": 2})
    head, row = listing([both]).splitlines()
    assert head.split()[3:] == ["params.lr", "n", "metrics.lr", "auc"]
    assert row.split()[-4:] == ["1", "2", "0.25", "2"]


def test_of_many_failures_the_last_commands_and_the_ends_of_logs_are_shown() -> None:
    failed = run(FAILED, *(task(f"t{number}", FAILED) for number in range(6)))
    text = account(failed, site_here("."), {"t0": ["last"]})
    assert re.findall(r"^automl (?:logs r (\w+)|run --resume r)", text, re.MULTILINE) == [
        "t3",
        "t4",
        "t5",
        "",
    ]
    assert "The end of the log of t0:\n  last\n" in text


@pytest.mark.parametrize(
    ("state", "advised"),
    [
        (WAITING, ["logs r -f", "stop r"]),
        (RUNNING, ["logs r -f", "stop r"]),
        (STOPPED, ["run --resume r"]),
        (SUCCEEDED, []),
    ],
)
def test_what_is_advised_helps(state: str, advised: list[str]) -> None:
    text = account(run(state, task("a", state)), site_here("."))
    assert re.findall(r"^automl (.*?) +#", text, re.MULTILINE) == advised


def test_each_change_is_a_line_and_nothing_is_said_twice(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    for told in (
        run(WAITING, task("a", WAITING, tries=0), reason="for 1 GPU"),
        None,
        run(WAITING, task("a", WAITING, tries=0), reason="for 1 GPU"),
        run(RUNNING, task("a", RUNNING)),
        run(RUNNING, task("a", RUNNING, tries=2)),
        run(RUNNING, task("a", RUNNING, tries=2, url="http://localhost:1")),
        run(RUNNING, task("a", RUNNING, tries=2, url="http://localhost:1")),
        run(FAILED, task("a", FAILED, "ended with status 1")),
    ):
        lines.show(told)
    assert capsys.readouterr().err.splitlines() == [
        "waiting: for 1 GPU",
        "a: running",
        "a: running, try 2",
        "a: ready: http://localhost:1",
        "a: failed after 2.5 s: ended with status 1",
    ]


def test_where_there_is_no_room_for_all_what_matters_is_shown() -> None:
    states = [SUCCEEDED, WAITING, RUNNING, SKIPPED, FAILED, SUCCEEDED]
    many = run(RUNNING, *(task(f"{number}", state) for number, state in enumerate(states)))
    assert [one.name for one in in_room(many, 2)] == ["2", "4"]
    assert [one.name for one in in_room(many, 4)] == ["1", "2", "3", "4"]
    assert [one.name for one in in_room(many, -1)] == ["4"]
    assert len(in_room(many, 10)) == 6


def swept(state: str, scores: Sequence[float | None], taken: Sequence[str] = ()) -> Task:
    """A step with trials, the best first."""
    trials = [
        {
            "trial": f"t{number}",
            "params": {"lr": f"0.{number}"},
            "state": WAITING if score is None else SUCCEEDED,
            "score": score,
            "taken_from": taken[number] if number < len(taken) else "",
        }
        for number, score in enumerate(scores)
    ]
    return replace(task("fit", state), trials=trials, objective="scores.auc")


def test_a_step_that_runs_says_which_of_its_trials_is_the_best_so_far() -> None:
    assert news(swept(RUNNING, [None, None])) == "0 of 2 trials"
    assert news(swept(RUNNING, [0.75, None])) == "1 of 2 trials, best t0: scores.auc 0.75, with lr=0.0"


def test_a_step_is_shown_before_its_trials_and_these_while_they_run() -> None:
    ended = [replace(task(f"fit/{number}", SUCCEEDED), trial_of="fit") for number in range(3)]
    running = [replace(task(f"fit/{number}", RUNNING), trial_of="fit") for number in range(3, 6)]
    search = run(RUNNING, *ended, *running, swept(RUNNING, [0.75, None]), task("use", WAITING))
    assert [one.name for one in in_room(search, 2)] == ["fit/3", "fit"]
    assert [one.name for one in in_room(search, 10)] == ["fit/3", "fit/4", "fit/5", "fit", "use"]


def test_the_end_of_a_step_says_the_best_and_what_was_taken_over(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    lines.show(run(RUNNING, swept(SUCCEEDED, [0.75, 0.5, 0.25], ["", "search-aaaaa", "search-bbbbb"])))
    best = "best t0: scores.auc 0.75, with lr=0.0"
    taken = "2 of 3 trials taken over from search-aaaaa and 1 more"
    assert capsys.readouterr().err == f"fit: succeeded after 2.5 s: {best}; {taken}\n"


def test_what_a_step_has_printed_last_is_shown_while_it_runs(tmp_path: Path) -> None:
    (tmp_path / "tasks" / "a").mkdir(parents=True)
    (tmp_path / "tasks" / "a" / "log").write_text("first\n" * 1000 + "last\n\n")
    for state, line in ((RUNNING, "last"), (SUCCEEDED, ""), (WAITING, "")):
        assert last_line(run(state, folder=str(tmp_path)), task("a", state)) == line  # type: ignore[arg-type]
    assert last_line(run(RUNNING, folder=str(tmp_path)), task("b", RUNNING)) == ""  # type: ignore[arg-type]
