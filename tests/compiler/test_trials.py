"""Trials: which there are, in which order, what they are called, and what is drawn.

The expansion is held to another one, written for this test; the generator to its specification in `docs/trials.md`.
"""

import hashlib
import itertools
import json
import math
import re
import time
from collections import Counter
from decimal import Context, Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from automl.compiler.diagnostics import Code, Diagnostic, Severity, in_order
from automl.compiler.driver import Input, Overrides, analyse
from automl.compiler.ir import BestOutput, Bundle, OfFold, OfTrial, Reference, Trials, Type, Workflow
from automl.compiler.params.given import Given
from automl.compiler.trials import folds, table
from automl.compiler.trials.numbers import number_text, range_of
from automl.compiler.views.trials import trials_json
from automl.schemas import schema_of
from tests import configs

PAGE = (Path(__file__).parents[2] / "docs" / "trials.md").read_text(encoding="utf-8")


def config(**step: Any) -> dict[str, Any]:
    program = {"step_name": "train", "image": "a:1", "entrypoint": ["train"]}
    return {"name": "n", "stages": {"s": [program | step]}}


def judged(config: dict[str, Any] | str, *given: str) -> tuple[Workflow | None, list[Diagnostic]]:
    text = config if isinstance(config, str) else json.dumps(config, ensure_ascii=False)
    return analyse(Input("config.yaml", text.encode(), Path()), Overrides(params=Given(given)))


def trials_of(sweep: dict[str, Any], **step: Any) -> Trials:
    room = {"limits": {"max_tasks": 300}}  # for what is included beside 256
    workflow, diagnostics = judged(config(sweep=sweep, **step) | room)
    assert workflow, [each.message for each in diagnostics]
    [job] = workflow.jobs
    assert job.trials
    return job.trials


def rows(sweep: dict[str, Any]) -> list[tuple[str, ...]]:
    return [trial.values for trial in trials_of(sweep).table]


def codes(config: dict[str, Any] | str) -> list[Code]:
    return [each.code for each in judged(config)[1]]


# the table, against another way to make it

NAMES = ("a", "b_c", "D-e", "f1", "lr", "x")
numbers = st.integers(-20, 20) | st.sampled_from([0.5, -1.5, 2.25, 1e-7, 1e22])
scalars = (
    numbers
    | st.booleans()
    | st.sampled_from(["relu", "tanh", "", "a b", "1", "true", "é", "$(X)", "{{x}}", "null"])
)
lists_of_values = st.lists(scalars | st.lists(numbers, max_size=3), min_size=1, max_size=4)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, (int, float)) else "list" if isinstance(value, list) else "text"


def _key(value: object, is_mixed: bool) -> object:
    """The same for two values that are one."""
    if not is_mixed and _kind(value) == "number":
        return Fraction(str(value))
    return _text(value)


def _means_the_same(one: object, other: object) -> bool:
    return _kind(one) == _kind(other) and _key(one, False) == _key(other, False)


def _has_one_twice(values: list[Any]) -> bool:
    keys = [_key(value, len({_kind(each) for each in values}) > 1) for value in values]
    return len(set(keys)) < len(keys)


def _naive(sweep: dict[str, Any]) -> list[tuple[str, ...]]:
    """The trials, one after the other, by comparing each with each."""
    blocks: list[list[dict[str, Any]]] = [
        [{name: value} for value in values] for name, values in sweep.get("grid", {}).items()
    ]
    if walked := sweep.get("zip"):
        length = len(next(iter(walked.values())))
        blocks.append([{name: values[at] for name, values in walked.items()} for at in range(length)])
    trials: list[dict[str, Any]] = [{}] if blocks else []
    for block in blocks:
        trials = [{**trial, **entry} for trial in trials for entry in block]
    for item in sweep.get("exclude", []):
        trials = [
            trial for trial in trials if not all(_means_the_same(trial[name], item[name]) for name in item)
        ]
    trials += sweep.get("include", [])
    names = [name for block in blocks for name in block[0]] or list(sweep["include"][0])
    mixed = {name: len({_kind(trial[name]) for trial in trials}) > 1 for name in names}
    kept: list[dict[str, Any]] = []
    for trial in trials:
        if not any(
            all(_key(trial[name], mixed[name]) == _key(other[name], mixed[name]) for name in names)
            for other in kept
        ):
            kept.append(trial)
    return [tuple(_text(trial[name]) for name in names) for trial in kept]


@st.composite
def sweeps(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    walked = draw(st.integers(0, len(names)))
    sweep: dict[str, Any] = {}
    if grid := {
        name: draw(lists_of_values.filter(lambda values: not _has_one_twice(values)))
        for name in names[walked:]
    }:
        sweep["grid"] = grid
    if walked:
        length = draw(st.integers(1, 3))
        sweep["zip"] = {
            name: draw(st.lists(scalars, min_size=length, max_size=length)) for name in names[:walked]
        }
    pool = {name: sweep.get("grid", {}).get(name) or sweep["zip"][name] for name in names}
    some = st.fixed_dictionaries({name: st.sampled_from(pool[name]) | scalars for name in names})
    if draw(st.booleans()):
        sweep["include"] = draw(st.lists(some, min_size=1, max_size=3))
    if draw(st.booleans()):
        sweep["exclude"] = draw(
            st.lists(
                st.tuples(some, st.sets(st.sampled_from(names), min_size=1)).map(_part),
                min_size=1,
                max_size=3,
            )
        )
    return sweep


def _part(item: tuple[dict[str, Any], set[str]]) -> dict[str, Any]:
    return {name: value for name, value in item[0].items() if name in item[1]}


@settings(max_examples=200, deadline=None)
@given(sweeps())
def test_the_table_is_that_of_another_way_to_make_it(sweep: dict[str, Any]) -> None:
    expected = _naive(sweep)
    if expected:
        trials = trials_of(sweep)
        assert [trial.values for trial in trials.table] == expected
        names = [trial.name for trial in trials.table]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch("[0-9a-f]{10}", name) for name in names)
    else:
        assert codes(config(sweep=sweep))[-1] is Code.SWEEP


grids = st.dictionaries(
    st.sampled_from(NAMES),
    lists_of_values.filter(lambda values: not _has_one_twice(values)),
    min_size=1,
    max_size=3,
)


@settings(max_examples=100, deadline=None)
@given(grids, st.randoms())
def test_a_trial_is_called_by_its_values_alone(grid: dict[str, list[Any]], chance: Random) -> None:
    """Not by the order of the names and of the values, nor by what else there is."""
    names = list(grid)
    chance.shuffle(names)
    other = {name: chance.sample(grid[name], len(grid[name])) for name in names}
    other[names[0]].insert(chance.randrange(len(other[names[0]]) + 1), "one more")
    assume(not _has_one_twice(other[names[0]]))
    before, after = _names_by_values({"grid": grid}), _names_by_values({"grid": other})
    assert before.items() < after.items()


def _names_by_values(sweep: dict[str, Any]) -> dict[frozenset[tuple[str, str]], str]:
    trials = trials_of(sweep)
    names = [axis.name for axis in trials.axes]
    return {frozenset(zip(names, trial.values, strict=True)): trial.name for trial in trials.table}


def test_a_name_is_the_start_of_a_digest() -> None:
    text = '{"depth":"3","lr":"0.1"}'
    assert f"`{text}` is `{hashlib.sha256(text.encode()).hexdigest()[:10]}`" in PAGE
    [trial] = trials_of({"grid": {"lr": [0.1], "depth": [3]}}).table
    assert trial.name == hashlib.sha256(text.encode()).hexdigest()[:10]
    [trial] = trials_of({"grid": {"x": ["Höhe"]}}).table
    assert trial.name == hashlib.sha256('{"x":"Höhe"}'.encode()).hexdigest()[:10]
    assert rows({"grid": {"x": [["Höhe", 1]]}}) == [('["Höhe", 1]',)]


def test_names_that_meet_get_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = {"grid": {"x": list(range(60))}}
    before = [trial.name for trial in trials_of(sweep).table]
    monkeypatch.setattr(table, "_NAME_LENGTH", 2)
    names = [trial.name for trial in trials_of(sweep).table]
    assert len(set(names)) == 60
    assert {len(name) for name in names} == {2, 4}
    assert all(long.startswith(short) for long, short in zip(before, names, strict=True))


def test_the_first_name_changes_last() -> None:
    sweep = {
        "zip": {"seed": [1, 2], "tag": ["a", "b"]},
        "grid": {"lr": [0.1, 0.01], "depth": [3, 5]},
        "random": {"samples": 2, "space": {"z": [7]}},
    }
    assert codes(config(sweep=sweep)) == [Code.SAME_TRIAL]
    assert rows(sweep)[:5] == [
        ("0.1", "3", "1", "a", "7"),
        ("0.1", "3", "2", "b", "7"),
        ("0.1", "5", "1", "a", "7"),
        ("0.1", "5", "2", "b", "7"),
        ("0.01", "3", "1", "a", "7"),
    ]
    assert [axis.name for axis in trials_of(sweep).axes] == ["lr", "depth", "seed", "tag", "z"]


def test_the_folds_of_a_trial_stand_together() -> None:
    trials = trials_of({"grid": {"x": [1, 2]}}, cross_validation={"folds": 2})
    one, two = (trial.name for trial in trials.table)
    assert [(run.name, run.fold) for run in trials.runs] == [
        (f"{one}-0", 0),
        (f"{one}-1", 1),
        (f"{two}-0", 0),
        (f"{two}-1", 1),
    ]
    alone = trials_of({"max_parallel": 2}, cross_validation={"folds": 3})
    assert [run.name for run in alone.runs] == ["fold-0", "fold-1", "fold-2"]
    assert alone.max_parallel == 2


@pytest.mark.parametrize(
    ("values", "type", "texts"),
    [
        ("[1, 2]", Type.INT, ["1", "2"]),
        ("[1, 2.50]", Type.FLOAT, ["1", "2.50"]),
        ("[1e-4, .5, +3.]", Type.FLOAT, ["1e-4", ".5", "+3."]),
        ("[true, FALSE]", Type.BOOL, ["true", "FALSE"]),
        ("[a, '1']", Type.TEXT, ["a", "1"]),
        ("[1, true]", Type.TEXT, ["1", "true"]),
        ("[1, auto]", Type.TEXT, ["1", "auto"]),
        ("[[64, 32], []]", Type.JSON, ["[64, 32]", "[]"]),
        ("[[64], 32]", Type.TEXT, ["[64]", "32"]),
        ("5", Type.INT, ["5"]),
        ("'.inf'", Type.TEXT, [".inf"]),
        ("2024-01-01", Type.TEXT, ["2024-01-01"]),
        ("1e400", Type.TEXT, ["1e400"]),
        ("[9007199254740992, 9007199254740993]", Type.INT, ["9007199254740992", "9007199254740993"]),
        ("{min: 1, max: 3, step: 1}", Type.INT, ["1", "2", "3"]),
        ("{min: 1, max: 2, step: 0.5}", Type.FLOAT, ["1.0", "1.5", "2.0"]),
        ("{min: -1, max: -1, step: 9}", Type.INT, ["-1"]),
        ("{min: 0.1, max: 0.3, step: 0.1}", Type.FLOAT, ["0.1", "0.2", "0.3"]),
        ("{min: 1e-5, max: 3e-5, step: 1e-5}", Type.FLOAT, ["1.0e-05", "2.0e-05", "3.0e-05"]),
        ("{min: 1e20, max: 1.5e20, step: 5e19}", Type.FLOAT, ["1.0e+20", "1.5e+20"]),
    ],
)
def test_a_value_is_the_text_that_was_written_and_has_a_type(
    values: str, type: Type, texts: list[str]
) -> None:
    workflow, diagnostics = judged(
        f"name: n\nstages: {{s: [{{step_name: a, image: a, entrypoint: [a], sweep: {{grid: {{x: {values}}}}}}}]}}\n"
    )
    assert workflow, diagnostics
    trials = workflow.jobs[0].trials
    assert trials
    assert trials.axes[0].type is type
    assert [trial.values for trial in trials.table] == [(text,) for text in texts]


HOSTILE = [
    "$(X)",
    "${X}",
    "{{x}}",
    "{{inputs.parameters.x}}",
    "a\nb",
    "'\"",
    "\\",
    "\t",
    "é😀",
    "x" * 4096,
    "-",
    "--x",
    "#",
    "%s",
]


def test_hostile_values_arrive_as_they_are() -> None:
    assert rows({"grid": {"x": HOSTILE}}) == [(text,) for text in HOSTILE]
    assert rows({"zip": {"x": HOSTILE}}) == [(text,) for text in HOSTILE]
    assert rows({"include": [{"x": text} for text in HOSTILE]}) == [(text,) for text in HOSTILE]
    sampled = rows({"random": {"samples": 200, "space": {"x": HOSTILE}}})
    assert {text for (text,) in sampled} == set(HOSTILE)


def test_an_alias_is_what_it_stands_for() -> None:
    text = (
        "name: n\nx-lr: &lr [0.1, 0.01]\nstages:\n  s:\n    - {step_name: a, image: a, entrypoint: [a], sweep: {grid: {lr: *lr}}}\n"
        "    - {step_name: b, image: a, entrypoint: [b], sweep: {grid: {lr: *lr}}}\n"
    )
    workflow, _ = judged(text)
    assert workflow
    assert [job.trials and len(job.trials.table) for job in workflow.jobs] == [2, 2]


def test_a_parameter_may_stand_in_a_sweep() -> None:
    sweep = {
        "grid": {"lr": ["${{ params.low }}", 0.5], "n": {"min": 1, "max": "${{ params.most }}", "step": 1}}
    }
    text = json.dumps({"params": {"low": 0.1, "most": 2}, **config(sweep=sweep)})
    workflow, diagnostics = judged(text, "most=3", "low=0.2")
    assert workflow, diagnostics
    trials = workflow.jobs[0].trials
    assert trials
    assert [trial.values for trial in trials.table] == [(low, n) for low in ("0.2", "0.5") for n in "123"]
    assert trials.axes[0].type is Type.FLOAT


@pytest.mark.parametrize("text", ["a\0b"])
def test_no_value_has_a_zero_in_it(text: str) -> None:
    workflow, diagnostics = judged(config(sweep={"grid": {"x": [text]}}))
    assert workflow is None
    assert [each.code for each in diagnostics] == [Code.CONTROL_CHARACTER]


def test_a_value_is_no_longer_than_a_parameter() -> None:
    longest = "x" * (32 * 1024)
    for part in ("grid", "zip"):
        assert codes(config(sweep={part: {"x": [longest]}})) == []
        assert codes(config(sweep={part: {"x": [longest + "x"]}})) == [Code.SWEEP]
    assert codes(config(sweep={"include": [{"x": longest + "x"}]})) == [Code.SWEEP]
    assert codes(config(sweep={"random": {"samples": 1, "space": {"x": [longest + "x"]}}})) == [Code.SWEEP]


def test_all_values_together_have_an_end() -> None:
    sweep = {"grid": {"x": ["y" * 32_000], "n": {"min": 1, "max": 600, "step": 1}}}
    assert codes({"limits": {"max_tasks": 1000}, **config(sweep=sweep)}) == [Code.TOO_LARGE]


# ranges

decimals = st.decimals(min_value=-1000, max_value=1000, places=3, allow_nan=False)


@given(decimals, decimals, st.decimals(min_value="0.001", max_value=300, places=3))
def test_a_range_is_that_of_fractions(least: Decimal, most: Decimal, step: Decimal) -> None:
    assume(most < least + 500 * step)
    exact, number = [], Fraction(least)
    while number <= Fraction(most):
        exact.append(number)
        number += Fraction(step)
    ours = list(range_of(least, most, step))
    assert [Fraction(each) for each in ours] == exact
    assert [Fraction(number_text(each, is_whole=False)) for each in ours] == exact


@given(
    st.fractions(-(10**6), 10**6, max_denominator=10**6)
    | st.sampled_from([Fraction(10) ** power for power in range(-300, 300, 7)])
)
def test_the_text_of_a_number_is_that_number_with_a_point(fraction: Fraction) -> None:
    number = Context(prec=40).divide(Decimal(fraction.numerator), Decimal(fraction.denominator))
    text = number_text(number, is_whole=False)
    assert Decimal(text) == number
    assert re.fullmatch(r"-?(0|[1-9][0-9]*)\.[0-9]+(e[-+][0-9]{2,})?", text)
    assert isinstance(yaml.safe_load(text), float)
    assert json.loads(text) == float(number)


def test_a_range_holds_numbers_of_any_size() -> None:
    wide = 10**40
    assert rows({"grid": {"x": {"min": wide, "max": wide + 2, "step": 1}}}) == [
        (str(wide + at),) for at in range(3)
    ]
    text = '{"min": 0, "max": 1e300, "step": 1e-300}'
    assert codes(json.dumps(config(sweep={"grid": {"x": 0}})).replace('"x": 0', f'"x": {text}')) == [
        Code.TOO_MANY_TRIALS
    ]


# how many

LIMIT = schema_of("limits.max_tasks")["default"]


def _steps(*sweeps: dict[str, Any], **top: Any) -> dict[str, Any]:
    steps = [
        {"step_name": f"s{at}", "image": "a", "entrypoint": ["a"], **sweep} for at, sweep in enumerate(sweeps)
    ]
    return {"name": "n", **top, "stages": {"s": steps}}


def _range(count: int) -> dict[str, Any]:
    return {"grid": {"x": {"min": 1, "max": count, "step": 1}}}


def test_the_limit_is_that_of_all_runs_together() -> None:
    assert LIMIT == 256
    assert codes(_steps({"sweep": _range(256)})) == []
    assert codes(_steps({"sweep": _range(257)})) == [Code.TOO_MANY_TRIALS]
    assert codes(_steps({"sweep": _range(200)}, {"sweep": _range(56)})) == []
    assert codes(_steps({"sweep": _range(200)}, {"sweep": _range(57)}, {"sweep": _range(9)})) == [
        Code.TOO_MANY_TRIALS
    ]
    assert codes(_steps({"sweep": _range(128), "cross_validation": {"folds": 2}})) == []
    assert codes(_steps({"sweep": _range(129), "cross_validation": {"folds": 2}})) == [Code.TOO_MANY_TRIALS]
    assert codes(_steps({"cross_validation": {"folds": 257}})) == [Code.TOO_MANY_TRIALS]
    assert codes(_steps({"sweep": _range(10)}, limits={"max_tasks": 9})) == [Code.TOO_MANY_TRIALS]
    assert codes(_steps({"sweep": _range(5000)}, limits={"max_tasks": 5000})) == []


def test_the_message_has_the_number_that_has_to_be_raised() -> None:
    config = _steps({"sweep": _range(300)}, {"sweep": _range(40), "cross_validation": {"folds": 5}})
    config["limits"] = {"max_tasks": 450}
    [problem] = judged(config)[1]
    assert problem.message == "these are 500 runs, and the limit is 450"
    assert problem.help == "raise it at the top of the file, `limits: {max_tasks: 500}`, or sweep less"
    assert codes(config | {"limits": {"max_tasks": 500}}) == []
    assert schema_of("limits.max_tasks")["maximum"] == table._MOST_TASKS


def test_what_is_left_out_does_not_count_and_what_is_included_does() -> None:
    left_out = [{"x": value} for value in range(1, 45)]
    assert codes(_steps({"sweep": _range(300) | {"exclude": left_out}})) == []
    assert codes(_steps({"sweep": _range(300) | {"exclude": left_out[1:]}})) == [Code.TOO_MANY_TRIALS]
    assert codes(_steps({"sweep": _range(256) | {"include": [{"x": 0}]}})) == [Code.TOO_MANY_TRIALS]


@pytest.mark.parametrize(
    "sweep",
    [
        {"random": {"samples": 1_000_000, "space": {"x": {"min": 1e-9, "max": 1, "scale": "log"}}}},
        {"grid": {name: {"min": 1, "max": 1_000_000, "step": 1} for name in "abcdef"}},
        {"grid": {name: {"min": 1, "max": 1_000_000, "step": 1} for name in "abcdef"}, "exclude": [{"a": 1}]},
        {"grid": {f"a{at}": [1, 2, 3] for at in range(300)}},
    ],
)
def test_what_is_too_much_is_counted_and_not_worked_out(sweep: dict[str, Any]) -> None:
    start = time.process_time()
    assert codes(config(sweep=sweep)) == [Code.TOO_MANY_TRIALS]
    assert codes(_steps({"sweep": _range(256)}, {"sweep": sweep}, {"sweep": sweep})) == [Code.TOO_MANY_TRIALS]
    assert time.process_time() - start < 2


@pytest.mark.slow
def test_many_trials_take_little_time() -> None:
    start = time.process_time()
    sweep = {
        "random": {
            "samples": 5000,
            "space": {"x": {"min": 1e-9, "max": 1, "scale": "log"}, "y": {"min": 0, "max": 1.5}},
        }
    }
    workflow, _ = judged({"limits": {"max_tasks": 5000}, **config(sweep=sweep)})
    assert workflow
    assert time.process_time() - start < 10


# the generator


def _vectors() -> list[tuple[int, int, str, str, str]]:
    line = re.compile(r"^\| `(\d+)` \| `(\d+)` \| `(\w+)` \| `(.+)` \| `(.+)` \|$", re.MULTILINE)
    return [
        (int(seed), int(sample), name, space, value)
        for seed, sample, name, space, value in line.findall(PAGE)
    ]


def test_there_are_enough_vectors() -> None:
    assert len(_vectors()) >= 8
    assert len({space for *_, space, _ in _vectors()}) >= 8


@pytest.mark.parametrize(("seed", "sample", "name", "space", "value"), _vectors())
def test_a_vector_of_the_page_is_drawn(seed: int, sample: int, name: str, space: str, value: str) -> None:
    random = {"samples": sample + 1, "seed": seed, "space": {name: yaml.safe_load(space)}}
    assert rows_drawn(random)[sample] == value
    assert _by_the_page(seed, sample, name, yaml.safe_load(space)) == value


def rows_drawn(random: dict[str, Any]) -> list[str]:
    """The only value of each sample, also of those that are drawn again."""
    [name] = random["space"]
    beside = {"number": {"min": 0, "max": 10**15}}  # so that none is the same as another
    drawn = rows({"random": {**random, "space": {**random["space"], **beside}}})
    assert len(drawn) == random["samples"]
    assert name != "number"
    return [values[0] for values in drawn]


def _bits(seed: int, sample: int, name: str, place: int) -> int:
    return int(hashlib.sha256(f"{seed} {sample} {name} {place}".encode()).hexdigest()[:16], 16)


def _by_the_page(seed: int, sample: int, name: str, space: Any) -> str:
    """What the specification says, in fractions, and with more digits than it asks for where there are logarithms."""
    assert "For `7 0 lr 0` it is 630367560546189045." in PAGE
    assert _bits(7, 0, "lr", 0) == 630367560546189045

    def below(n: int, place: int) -> int:
        return _bits(seed, sample, name, place) * n // 2**64

    if isinstance(space, list):
        return str(space[below(len(space), 0)])
    if count := space.get("count"):
        length = count["min"] + below(count["max"] - count["min"] + 1, 0)
        return f"[{', '.join(_number(space, _bits(seed, sample, name, at)) for at in range(1, length + 1))}]"
    return _number(space, _bits(seed, sample, name, 0))


def _number(space: dict[str, Any], bits: int) -> str:
    least, most = (Fraction(str(space[key])) for key in ("min", "max"))
    is_whole = (
        isinstance(space["min"], int) and isinstance(space["max"], int) and space.get("type") != "float"
    )
    if space.get("scale") == "log":
        wide = Context(prec=90)
        low, high = (wide.ln(wide.divide(end.numerator, end.denominator)) for end in (least, most + is_whole))
        share = wide.divide(Decimal(bits), Decimal(2**64))
        exact = Fraction(wide.exp(wide.add(low, wide.multiply(share, wide.subtract(high, low)))))
    else:
        exact = least + Fraction(bits, 2**64) * (most + is_whole - least)
    if is_whole:
        return str(min(math.floor(exact), int(most)))
    digits = Context(prec=6).divide(Decimal(exact.numerator), Decimal(exact.denominator))
    number = min(max(Fraction(digits), least), most)
    shown = Context(prec=60).divide(Decimal(number.numerator), Decimal(number.denominator)).normalize()
    return number_text(shown, is_whole=False)


ends = st.integers(-(10**6), 10**6) | st.decimals(-1000, 1000, places=4).map(float)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**31 - 1), ends, ends, st.booleans(), st.sampled_from(["", "float"]), st.booleans())
def test_what_is_drawn_is_what_the_page_says(
    seed: int, one: float, other: float, log: bool, kind: str, many: bool
) -> None:
    least, most = sorted((one, other))
    assume(not log or least > 0)
    space: dict[str, Any] = {"min": least, "max": most}
    space |= {"scale": "log"} if log else {}
    space |= {"type": kind} if kind else {}
    space |= {"count": {"min": 1, "max": 3}} if many else {}
    drawn = rows_drawn({"samples": 4, "seed": seed, "space": {"x": space}})
    assert drawn == [_by_the_page(seed, sample, "x", space) for sample in range(4)]
    for text in drawn:
        value = json.loads(text)
        for number in value if many else [value]:
            assert least <= number <= most


def test_more_samples_and_more_names_change_no_other() -> None:
    space: dict[str, Any] = {"x": {"min": 0.5, "max": 1}, "y": {"min": 1, "max": 10**9}}
    few = rows({"random": {"samples": 5, "seed": 3, "space": space}})
    many = rows({"random": {"samples": 50, "seed": 3, "space": {"z": {"min": 0.1, "max": 1}, **space}}})
    assert [values[1:] for values in many[:5]] == few
    other = rows({"random": {"samples": 5, "seed": 4, "space": space}})
    assert not set(other) & set(few)


def test_draws_are_spread_as_they_should() -> None:
    space: dict[str, Any] = {
        "even": {"min": 0.0, "max": 1},
        "log": {"min": 1e-4, "max": 1, "scale": "log"},
        "die": {"min": 1, "max": 6},
        "octave": {"min": 1, "max": 127, "scale": "log"},
        "act": ["relu", "tanh", "gelu"],
    }
    sweep = {"random": {"samples": 4000, "space": space}}
    workflow, _ = judged({"limits": {"max_tasks": 4000}, **config(sweep=sweep)})
    assert workflow
    trials = workflow.jobs[0].trials
    assert trials
    even, log, die, octave, act = zip(*(trial.values for trial in trials.table), strict=True)
    _is_even(Counter(int(float(text) * 10) for text in even), 10)
    _is_even(Counter(math.floor(math.log10(float(text)) * 2) for text in log if float(text) < 1), 8)
    _is_even(Counter(die), 6)
    _is_even(Counter(int(text).bit_length() for text in octave), 7)
    _is_even(Counter(act), 3)
    pairs = Counter((first, second) for first, second in itertools.pairwise(die))
    _is_even(pairs, 36)


def _is_even(counts: Counter[Any], kinds: int) -> None:
    """By chi square, which is above this bound for one in some thousands of even generators; ours is always the same."""
    total = sum(counts.values())
    assert len(counts) == kinds
    expected = total / kinds
    chi = sum((count - expected) ** 2 / expected for count in counts.values())
    assert chi < kinds - 1 + 4 * math.sqrt(2 * (kinds - 1))


# what reads them


def test_every_run_is_given_its_values_and_its_fold() -> None:
    workflow, _ = judged(
        config(
            sweep={"grid": {"l-r": [0.1, 1]}},
            cross_validation={"folds": 2},
            args=["--lr=${{ sweep.l-r }}", "${{ fold.index }}/${{ fold.count }}"],
        )
    )
    assert workflow
    [job] = workflow.jobs
    assert {each.variable: each.source for each in job.values} == {
        "AUTOML_PARAM_L_R": OfTrial("l-r", Type.FLOAT),
        "AUTOML_PARAM_FOLD_INDEX": OfFold.INDEX,
        "AUTOML_PARAM_FOLD_COUNT": OfFold.COUNT,
    }
    assert job.command.arguments[0].parts == (
        "--lr=",
        Reference("AUTOML_PARAM_L_R", OfTrial("l-r", Type.FLOAT)),
    )
    assert all(each.known is None for each in job.values)


def test_the_mean_of_whole_numbers_is_not_whole() -> None:
    train = {"step_name": "train", "image": "a", "entrypoint": ["a"], "outputs": {"n": "int"}}
    train["sweep"] = {"grid": {"x": [1, 2]}, "objective": {"metric": "n", "goal": "maximize"}}
    report = {
        "step_name": "report",
        "image": "a",
        "entrypoint": ["a"],
        "inputs": {"n": "${{ steps.train.best.outputs.n }}"},
    }
    for more, type in (({}, Type.INT), ({"cross_validation": {"folds": 2}}, Type.FLOAT)):
        workflow, _ = judged({"name": "n", "stages": {"train": [train | more], "report": [report]}})
        assert workflow
        [value] = workflow.jobs[1].values
        assert value.source == BestOutput("train", "n", type)


def test_trials_of_the_defaults_are_those_of_the_jobs() -> None:
    steps: list[dict[str, Any]] = [
        {"step_name": "a", "image": "a", "entrypoint": ["a"]},
        {"step_name": "b", "image": "a", "service": {}},
    ]
    for key, value in (("sweep", {"grid": {"x": [1, 2]}}), ("cross_validation", {"folds": 3})):
        workflow, diagnostics = judged({"name": "n", "defaults": {key: value}, "stages": {"s": steps}})
        assert workflow, diagnostics
        assert [len(job.trials.runs) if job.trials else 0 for job in workflow.jobs] == [
            2 if key == "sweep" else 3
        ]


def test_a_step_adds_to_the_grid_of_the_defaults() -> None:
    text = {"name": "n", "defaults": {"sweep": {"grid": {"x": [1, 2], "y": [3]}}}}
    step = {"step_name": "a", "image": "a", "entrypoint": ["a"], "sweep": {"grid": {"y": None, "z": [5, 6]}}}
    workflow, _ = judged({**text, "stages": {"s": [step]}})
    assert workflow
    trials = workflow.jobs[0].trials
    assert trials
    assert [axis.name for axis in trials.axes] == ["x", "z"]


def test_what_is_wrong_in_the_defaults_is_said_once() -> None:
    steps = [{"step_name": name, "image": "a", "entrypoint": ["a"]} for name in "abc"]
    sweep = {"grid": {"lr": [1, 1], "api_key": ["k3Jx92LmQp7Zt4Vw8Yb1Nc6d"]}}
    _, diagnostics = judged({"name": "n", "defaults": {"sweep": sweep}, "stages": {"s": steps}})
    assert [each.code for each in in_order(diagnostics)] == [Code.SWEEP, Code.PLAIN_SECRET]
    _, diagnostics = judged(
        {"name": "n", "params": {"x": 1}, "defaults": {"sweep": {"grid": {"x": [1]}}}, "stages": {"s": steps}}
    )
    assert [each.code for each in in_order(diagnostics)] == [Code.SAME_NAME]


def test_a_credential_is_named_once_for_each_name() -> None:
    sweep = {
        "grid": {
            "token": ["ghp_0123456789abcdefghijABCDEFGHIJ012345", "ghp_9876543210abcdefghijABCDEFGHIJ543210"]
        },
        "include": [{"token": "x1"}],
    }
    found = [each for each in judged(config(sweep=sweep))[1] if each.severity is not Severity.INFO]
    assert [each.code for each in found] == [Code.PLAIN_SECRET]


# notebooks, and the file of folds


def _project(folder: Path, step: dict[str, Any], **top: Any) -> tuple[Workflow | None, list[Diagnostic]]:
    text = json.dumps({"name": "n", **top, "stages": {"s": [{"step_name": "a", **step}]}})
    return analyse(Input("config.yaml", text.encode(), folder), Overrides())


def test_a_notebook_gets_values_by_the_file_of_parameters(tmp_path: Path) -> None:
    cells = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
    (tmp_path / "train.ipynb").write_text(json.dumps(cells))
    step = {"path_to_executable": "train.ipynb"}
    for more, has_file in (
        ({}, False),
        ({"sweep": _range(2)}, True),
        ({"cross_validation": {"folds": 2}}, True),
    ):
        workflow, diagnostics = _project(tmp_path, step | more)
        assert workflow, diagnostics
        words = [text.literal for text in workflow.jobs[0].command.words or ()]
        assert ("-f" in words) == has_file
    for name, better in (("l-r", "l_r"), ("lambda", "lambda_")):
        _, [problem] = _project(tmp_path, step | {"sweep": {"grid": {name: [1, 2]}}})
        assert (problem.code, problem.help) == (Code.VARIABLE_NAME, f'did you mean "{better}"?')


FOLD = {"train": [0, 1], "test": [2]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (json.dumps({"folds": [FOLD] * 4, "made by": "split.py"}), ""),
        ("", "is no JSON"),
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", 'has no list of at least two "folds"'),
        ("{}", 'has no list of at least two "folds"'),
        (json.dumps({"folds": 5}), 'has no list of at least two "folds"'),
        (json.dumps({"folds": [FOLD]}), 'has no list of at least two "folds"'),
        (json.dumps({"folds": [FOLD, []]}), 'has no lists "train" and "test" in fold 1'),
        (json.dumps({"folds": [{"train": [0]}, FOLD]}), 'has no lists "train" and "test" in fold 0'),
        (
            json.dumps({"folds": [{"train": 5, "test": [1]}, FOLD]}),
            'has no lists "train" and "test" in fold 0',
        ),
    ],
)
def test_the_folds_of_a_file_are_counted(content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    (tmp_path / "folds.json").write_text(content)
    workflow, diagnostics = _project(
        tmp_path, {"path_to_executable": "a.py", "cross_validation": {"indices": "folds.json"}}
    )
    assert [each.message for each in diagnostics] == ([f'"folds.json" {said}'] if said else [])
    if workflow:
        trials = workflow.jobs[0].trials
        assert trials
        assert trials.folds == 4
        assert workflow.files == ("a.py", "folds.json")
        variables = {each.variable: each.known for each in workflow.jobs[0].values}
        assert variables["AUTOML_INPUT_INDICES"] == "folds.json"


def test_a_file_of_folds_is_packed_whatever_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    (tmp_path / "folds.json").write_text(json.dumps({"folds": [FOLD] * 2}))
    (tmp_path / ".gitignore").write_text("*.json\n")
    step = {"path_to_executable": "a.py", "cross_validation": {"indices": "folds.json"}}
    (tmp_path / "other.json").write_text("{}")
    workflow, _ = _project(tmp_path, step)
    assert workflow
    assert isinstance(workflow.code, Bundle)
    assert [file.path for file in workflow.code.files] == ["a.py", "folds.json"]


def test_nobody_looks_into_what_is_not_there_yet(tmp_path: Path) -> None:
    git = {"git": {"url": "https://example.com/a.git", "ref": "main"}}
    step: dict[str, Any] = {"path_to_executable": "a.py", "cross_validation": {"indices": "folds.json"}}
    _, diagnostics = _project(tmp_path, step, code=git)
    assert [each.message for each in diagnostics] == [
        "how many folds there are is not known before the workflow runs"
    ]
    step["cross_validation"]["folds"] = 3
    workflow, diagnostics = _project(tmp_path, step, code=git)
    assert workflow, diagnostics
    trials = workflow.jobs[0].trials
    assert trials
    assert trials.folds == 3


SWEPT = """\
name: swept
params: {most: 9}
limits: {max_parallel: 3, max_tasks: 500}
stages:
  split:
    - {step_name: split, image: a, entrypoint: [a], outputs: {folds: file}}
  train:
    - step_name: train
      image: a
      entrypoint: [a]
      outputs: {auc: float, metrics: metrics, model: model}
      args: ["${{ sweep.lr }}", "${{ fold.index }}/${{ fold.count }}"]
      cross_validation: {folds: 3, indices: "${{ steps.split.outputs.folds }}"}
      sweep:
        grid: {lr: [0.1, 0.01], depth: {min: 3, max: "${{ params.most }}", step: 2}, tag: a}
        zip: {seed: [1, 2], name: [x, z]}
        random:
          samples: 2
          seed: 7
          space: {units: {min: 16, max: 256, scale: log, type: int, count: {min: 1, max: 2}}, act: [relu, tanh]}
        include: [{lr: 1.0, depth: 3, tag: b, seed: 1, name: x, units: [1], act: relu}]
        exclude: [{lr: 0.1, depth: 9}]
        max_parallel: 4
        max_failed: 3
        objective: {metric: metrics.auc, goal: maximize}
  report:
    - step_name: report
      image: a
      entrypoint: [a]
      inputs: {lr: "${{ steps.train.best.params.lr }}", auc: "${{ steps.train.best.outputs.auc }}"}
      envs: {ALL: "${{ collect(steps.train.outputs.auc) }}"}
"""
odd = configs.values | st.sampled_from(
    [1e308, 5e-324, -0.0, 10**299, 2**63, "${{ sweep.lr }}", "${{ params.most }}", "${{"]
)


@st.composite
def changed(draw: st.DrawFn) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load(SWEPT)
    for _ in range(draw(st.integers(1, 3))):
        paths = [
            path
            for path in configs.places(config)
            if set(path) & {"sweep", "cross_validation", "limits", "params"}
        ]
        *around, last = draw(st.sampled_from(paths))
        holder = configs.at(config, tuple(around))
        if draw(st.booleans()):
            del holder[last]
        else:
            holder[last] = draw(odd)
    return config


def test_what_is_changed_was_right() -> None:
    workflow, diagnostics = judged(SWEPT)
    assert workflow
    assert diagnostics == []
    trials = workflow.jobs[1].trials
    assert trials
    assert len(trials.runs) == 3 * (2 * 4 * 2 * 2 - 2 * 2 + 1)


@settings(max_examples=300, deadline=None)
@given(changed())
def test_nothing_that_is_written_breaks_it(config: dict[str, Any]) -> None:
    workflow, diagnostics = judged(config)
    assert workflow or diagnostics
    for job in workflow.jobs if workflow else ():
        if job.trials:
            names = [run.name for run in job.trials.runs]
            assert 1 <= len(set(names)) == len(names) <= 10**6
            assert all(len(trial.values) == len(job.trials.axes) for trial in job.trials.table)
            assert json.loads(trials_json(workflow))[0]["trials"] if workflow else False


def test_a_file_of_folds_outside_or_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.py").touch()
    (tmp_path / "outside.json").write_text("{")
    step = {"path_to_executable": "a.py", "cross_validation": {"indices": "../outside.json"}}
    assert [each.code for each in _project(project, step)[1]] == [Code.OUTSIDE_PROJECT]
    (project / "link.json").symlink_to("../outside.json")
    step["cross_validation"] = {"indices": "link.json"}
    assert [each.code for each in _project(project, step)[1]] == [Code.OUTSIDE_PROJECT]
    (project / "large.json").write_text(json.dumps({"folds": [FOLD] * 2}))
    step["cross_validation"] = {"indices": "large.json"}
    monkeypatch.setattr(folds, "_LARGEST", 10)
    [problem] = _project(project, step)[1]
    assert problem.message == '"large.json" is too large to be looked into'


def test_an_exclusion_that_is_used_is_not_said_to_be_idle() -> None:
    sweep = {
        "grid": {"a": [1, 2, 3], "b": [1, 2]},
        "exclude": [{"a": 1}, {"a": 1, "b": 2}, {"b": 3}, {"a": 4}],
    }
    assert codes(config(sweep=sweep)) == [Code.UNUSED_KEY] * 2
