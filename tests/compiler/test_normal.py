"""Short forms and long ones: they mean the same, and what is written out stands where the short form stood."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from automl import targets
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.source import Span
from automl.compiler.structure.schema import check_structure
from automl.compiler.target import Options
from automl.compiler.tree.decoding import decode
from automl.compiler.tree.nodes import Mapping, Node, Scalar, Sequence, to_plain
from automl.compiler.tree.normal import normal
from automl.compiler.tree.reader import read
from automl.schemas import config_schema
from automl.targets.writers.yaml import write_yaml
from tests import configs

ORACLE = Draft202012Validator(json.loads(config_schema()))
FORMS: dict[str, tuple[Any, Any]] = {
    "params": ({"lr": 0.1}, {"lr": {"default": 0.1}}),
    "schedule": ("0 1 * * *", {"cron": "0 1 * * *"}),
    "secrets": (["store", "other"], [{"name": "store"}, {"name": "other"}]),
    "ingress": (True, {}),
    "no ingress": (False, None),
    "bundle": (True, {}),
    "artifacts": ("engine", {"engine": True}),
    "gpu": (2, {"count": 2}),
    "secret": ("login", {"name": "login"}),
    "outputs": ({"table": "dataset", "rows": "int"}, {"table": {"type": "dataset"}, "rows": {"type": "int"}}),
}

STAGE = "stage"  # whose steps have some of the others


def config(long: set[str]) -> dict[str, Any]:
    """Every short form, but for those that are to be long."""
    form = {name: pair[name in long] for name, pair in FORMS.items()}
    first = {"step_name": "a", "path_to_executable": "a.py", "outputs": form["outputs"]}
    steps = [first | {"resources": {"gpu": form["gpu"]}}]
    takes = {
        "step_name": "d",
        "path_to_executable": "a.py",
        "inputs": {"table": "${{ steps.a.outputs.table }}"},
    }
    inner = {} if form["no ingress"] is None else {"ingress": form["no ingress"]}
    services = [
        {"step_name": "b", "path_to_executable": "a.py", "service": {"ingress": form["ingress"]}},
        {"step_name": "c", "path_to_executable": "a.py", "service": inner},
    ]
    return {
        "name": "n",
        "params": form["params"],
        "schedule": form["schedule"],
        "code": {"bundle": form["bundle"]},
        "defaults": {"secrets": form["secrets"]},
        "artifacts": form["artifacts"],
        "tracking": {"mlflow": {"uri": "https://mlflow.example.org", "secret": form["secret"]}},
        "stages": {
            "first": {"steps": steps} if STAGE in long else steps,
            "middle": [takes],
            "last": services,
        },
    }


def compiled(config: dict[str, Any], folder: Path) -> list[object]:
    """What every target makes of a config, and says of it."""
    found: list[object] = []
    for target in filter(None, map(targets.load, targets.OWN)):
        options = Options(target.default_version, target.forms[0])
        result = compile_config(
            Input("config.yaml", json.dumps(config).encode(), folder), Overrides(), target, options
        )
        found += [result.artifacts, [(each.code, each.message) for each in result.diagnostics]]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("project")
    (project / "a.py").touch()
    return project


@pytest.fixture(scope="module")
def short(folder: Path) -> list[object]:
    made = compiled(config(set()), folder)
    assert made[0]
    return made


@settings(max_examples=20, deadline=None)
@given(st.sets(st.sampled_from([STAGE, *FORMS]), min_size=1))
def test_both_forms_give_the_same_output(folder: Path, short: list[object], long: set[str]) -> None:
    assert compiled(config(long), folder) == short


OF_VALUES = {"grid", "space", "run_as"}  # of which what is no object is no form of one


def test_every_short_form_of_the_schema_is_tried() -> None:
    schema = json.loads(config_schema())
    rest = {name: part for name, part in schema["$defs"].items() if "pod" not in name.split(".")}
    schema["$defs"] = rest  # in a patch of pods null takes out what is there
    assert {*_with_two_forms(schema, ""), "no ingress"} == {STAGE, *FORMS, *OF_VALUES}


def _with_two_forms(schema: Any, name: str) -> Iterator[str]:
    if isinstance(schema, dict):
        types = schema.get("type", ())
        if ("object" in types and not isinstance(types, str)) or "if" in schema:
            yield name
        for key, below in schema.items():
            yield from _with_two_forms(below, name if key in ("items", "additionalProperties") else key)


def tree(config: dict[str, Any]) -> Mapping:
    source, _ = decode("config.yaml", write_yaml([config]).encode())
    root, _ = read(source)
    assert root is not None
    return root


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(configs.changed())
def test_what_is_long_stays_as_it_is(changed: dict[str, Any]) -> None:
    sound, found = check_structure(tree(changed or {"a": 1}))
    if sound is None:
        return
    long = normal(sound)
    assert to_plain(normal(long)) == to_plain(long)
    assert found or ORACLE.is_valid(to_plain(long))
    assert set(_places(long)) <= set(_places(sound))


def _places(node: Node) -> Iterator[Span]:
    yield node.span
    if isinstance(node, Sequence):
        for item in node.items:
            yield from _places(item)
    elif isinstance(node, Mapping):
        for entry in node:
            yield from _places(entry.key)
            yield from _places(entry.value)


def test_what_is_written_out_stands_where_the_short_form_stood() -> None:
    root = tree(config(set()))
    schedule = normal(root).get("schedule")
    assert isinstance(schedule, Mapping)
    text = schedule.get("cron")
    assert isinstance(text, Scalar)
    assert text is root.get("schedule")
    assert schedule.span == schedule.entries["cron"].key.span == text.span
