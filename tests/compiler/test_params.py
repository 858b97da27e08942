"""Parameters: which value counts, what cannot be one, and what becomes of it."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.compiler.diagnostics import Code, Diagnostic, in_order
from automl.compiler.driver import Input, Overrides, analyse
from automl.compiler.ir import Constant, Parameter, Type, Workflow
from automl.compiler.params.given import Given, ParamsFile
from automl.compiler.params.parameters import MAX_BYTES
from automl.targets.writers.yaml import write_yaml

STEP = "stages: {a: [{step_name: a, image: a, entrypoint: [a], args: ['${{ params.x }}']}]}\n"
FITS = {
    "int": ["0", "-3", "+7"],
    "float": ["0", "1.50", "1e-4", "-.5"],
    "bool": ["true", "False", "TRUE"],
    "text": ["1.50", "true", "~", "", "a=b", "'a'", "${{ params.x }}"],
}


def analysed(
    params: str, *assignments: str, file: str | None = None
) -> tuple[Workflow | None, list[Diagnostic]]:
    given_file = ParamsFile("values.yaml", file.encode()) if file is not None else None
    config = f"name: w\nparams: {params}\n{STEP}"
    overrides = Overrides(params=Given(assignments, given_file))
    workflow, diagnostics = analyse(Input("config.yaml", config.encode(), Path()), overrides)
    return workflow, in_order(diagnostics)


def param(params: str, *assignments: str, file: str | None = None) -> Parameter:
    workflow, diagnostics = analysed(params, *assignments, file=file)
    assert workflow, diagnostics
    return workflow.params[0]


@pytest.mark.parametrize(
    ("declared", "type", "text"),
    [
        ("0.10", Type.FLOAT, "0.10"),
        ("{default: 3}", Type.INT, "3"),
        ("'3'", Type.TEXT, "3"),
        ("true", Type.BOOL, "true"),
        ("gold", Type.TEXT, "gold"),
        ("{type: float, default: 1}", Type.FLOAT, "1"),
        ("{type: text, default: 1.50}", Type.TEXT, "1.50"),
        ("{enum: [1, 2], default: 2, x-note: a}", Type.INT, "2"),
    ],
)
def test_the_type_is_that_of_the_default_unless_it_is_said(declared: str, type: Type, text: str) -> None:
    found = param(f"{{x: {declared}}}")
    assert (found.type, found.text) == (type, text)


def test_set_wins_over_the_file_and_the_file_over_the_default() -> None:
    assert param("{x: a}", file="x: b\n").text == "b"
    assert param("{x: a}", "x=c", file="x: b\n").text == "c"
    assert param("{x: a}", "x=c", "x=d").text == "d"
    assert param("{x: {type: text}}", file='{"x": 1.50}').text == "1.50"


@pytest.mark.parametrize(("type", "text"), [(type, text) for type in FITS for text in FITS[type]])
def test_a_value_of_the_command_line_keeps_its_text(type: str, text: str) -> None:
    found = param(f"{{x: {{type: {type}}}}}", f"x={text}")
    assert (found.type, found.text) == (type, text)


@pytest.mark.parametrize(
    ("type", "text"),
    [
        ("int", "1.0"),
        ("int", "1e3"),
        ("int", "true"),
        ("int", ""),
        ("int", "0x1f"),
        ("float", "a"),
        ("float", "nan"),
        ("float", "false"),
        ("bool", "1"),
        ("bool", "yes"),
        ("bool", ""),
    ],
)
def test_a_value_of_another_type_is_an_error_where_it_is_given(type: str, text: str) -> None:
    workflow, [found] = analysed(f"{{x: {{type: {type}}}}}", f"x={text}")
    assert workflow is None
    assert found.code is Code.PARAMETER
    assert (found.span.source.path, found.span.column) == ("--set", 3)
    assert [each.span.source.path for each in found.related] == ["config.yaml"]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=20).filter(lambda text: text.isprintable()), st.sampled_from(["--set", "file"]))
def test_any_text_comes_through(text: str, way: str) -> None:
    if way == "--set":
        assert param("{x: {type: text}}", f"x={text}").text == text
    else:
        assert param("{x: {type: text}}", file=write_yaml([{"x": text}])).text == text


@pytest.mark.parametrize(
    ("declared", "code", "column"),
    [
        ("{default: 2, enum: [1, 3]}", Code.PARAMETER, 23),
        ("{default: 2, min: 3}", Code.PARAMETER, 23),
        ("{default: 2, max: 1.5}", Code.PARAMETER, 23),
        ("{default: 2, min: 3, max: 1}", Code.PARAMETER, 31),
        ("{default: a, min: 3}", Code.PARAMETER, 31),
        ("{default: 1, enum: [1, a]}", Code.PARAMETER, 36),
        ("{type: int, default: a}", Code.PARAMETER, 34),
        ("{type: int}", Code.NO_VALUE, 10),
        ("{}", Code.NO_VALUE, 10),
    ],
)
def test_what_does_not_go_together_is_one_mistake(declared: str, code: Code, column: int) -> None:
    """Each key of a declaration matters, and a value that is none is not told of again where it is used."""
    for assignments in ((), ("x=2",)) if code is Code.PARAMETER else ((),):
        _, diagnostics = analysed(f"{{x: {declared}}}", *assignments)
        assert [
            (each.code, each.span.line, each.span.column)
            for each in diagnostics
            if each.span.source.path != "--set"
        ] == [(code, 2, column)], diagnostics


def test_the_bounds_are_among_the_values() -> None:
    for text in ("1", "3"):
        assert param("{x: {min: 1, max: 3, type: int}}", f"x={text}").text == text


def test_names_that_become_one_variable() -> None:
    _, [found] = analysed("{x: 1, a-b: 1, A_B: 1}")
    assert found.code is Code.SAME_NAME
    assert (found.span.column, found.related[0].span.column) == (24, 16)


def test_every_step_is_given_every_parameter() -> None:
    workflow, _ = analysed("{x: 1, learning-rate: 0.10}")
    assert workflow
    [task] = workflow.tasks
    assert [value.variable for value in task.values] == ["AUTOML_PARAM_X", "AUTOML_PARAM_LEARNING_RATE"]
    assert [value.known for value in task.values] == ["1", "0.10"]
    [word] = task.command.arguments
    [reference] = word.references
    assert not isinstance(reference.source, Constant)
    assert reference in task.values
    assert [each.pinned for each in workflow.params] == [None, None]


def test_too_long_and_too_much() -> None:
    _, [found] = analysed("{x: a}", f"x={'é' * (MAX_BYTES // 2 + 1)}")
    assert found.code is Code.PARAMETER
    assert param("{x: a}", f"x={'é' * (MAX_BYTES // 2)}").text.endswith("é")
    steps = ", ".join(f"{{step_name: s{number}, image: a}}" for number in range(600))
    config = f"name: w\nparams: {{x: {'a' * 30_000}}}\nstages: {{a: [{steps}]}}\n"
    _, diagnostics = analyse(Input("config.yaml", config.encode(), Path()), Overrides())
    assert [each.code for each in diagnostics] == [Code.TOO_LARGE]


@pytest.mark.parametrize(
    ("file", "code", "line"),
    [
        ("x: [a]", Code.PARAMETER, 1),
        ("x:", Code.PARAMETER, 1),
        ("a: 1\nx: 1", Code.UNKNOWN_REFERENCE, 1),
        ("x: 1\nx: 2", Code.DUPLICATE_KEY, 2),
        ("- x", Code.NOT_A_MAPPING, 1),
        ("{", Code.SYNTAX, 1),
        ("x: 'a", Code.SYNTAX, 1),
    ],
)
def test_what_is_wrong_in_a_file_has_its_place_there(file: str, code: Code, line: int) -> None:
    _, diagnostics = analysed("{x: 1}", file=file)
    assert [(each.code, each.span.source.path, each.span.line) for each in diagnostics] == [
        (code, "values.yaml", line)
    ]


@pytest.mark.parametrize("name", ["db_password", "x"])
def test_what_looks_like_a_credential_is_a_warning_wherever_it_was_given(name: str) -> None:
    value = "hunter2hunter2" if name != "x" else "ghp_" + "k3Jd8sLq0PzVb7Xw2NtY5rMh1GfC9aQe4UiO"
    for found in (
        analysed(f"{{x: 1, {name}2: {value}}}")[1],
        analysed(f"{{x: a, {name}2: b}}", f"{name}2={value}")[1],
    ):
        assert Code.PLAIN_SECRET in [each.code for each in found], name


def test_it_is_a_value_of_the_type_where_it_stands_alone() -> None:
    config: dict[str, Any] = {
        "name": "w",
        "params": {"n": 3, "tier": "gold"},
        "stages": {
            "a": [
                {
                    "step_name": "a",
                    "image": "a:${{ params.tier }}",
                    "service": {},
                    "replicas": "${{ params.n }}",
                }
            ]
        },
    }
    workflow, _ = analyse(Input("config.yaml", write_yaml([config]).encode(), Path()), Overrides())
    assert workflow
    [service] = workflow.services
    assert (service.replicas, service.image) == (3, "a:gold")
    assert [each.pinned is not None for each in workflow.params] == [True, True]
