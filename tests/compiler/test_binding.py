"""Nouns of a config: every key of the schema reaches a field, and the schema is where the defaults stand."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import pytest

from automl import targets
from automl.compiler.config.binding import bind
from automl.compiler.config.config import Config
from automl.compiler.config.kinds import keys_of
from automl.compiler.config.step import StepConfig
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.driver import Input, Overrides, analyse, compile_config
from automl.compiler.ir import Trials
from automl.compiler.source import Located, Span
from automl.compiler.target import Options
from automl.compiler.tree.decoding import decode
from automl.compiler.tree.nodes import Mapping
from automl.compiler.tree.reader import read
from automl.compiler.values.units import Duration
from automl.schemas import Schema, schema, schema_of

LANGUAGE = Path(__file__).parents[2] / "docs" / "language.md"
OF_TARGETS = ("targets.", "step.targets.")  # the same: each target reads its own
BESIDE = {"stages", "defaults"}  # what the steps are in
AXES = ("step.sweep.grid.", "step.sweep.random.space.")  # trees, which `compiler/trials` reads


def _keys(at: Schema, key: str) -> Iterator[str]:
    below_names = at.get("additionalProperties")
    items = below_names if isinstance(below_names, dict) else at.get("items", {})
    properties = at.get("properties") or items.get("properties", {})
    if key:
        yield key
    for name in properties.keys() - BESIDE:
        below = f"{key}.{name}".lstrip(".")
        yield from _keys(schema_of(below), below)


KEYS = {*_keys(schema(), ""), *_keys(schema_of("step"), "step")}
DEFAULTS = {key: schema_of(key)["default"] for key in KEYS if "default" in schema_of(key)}


def test_every_key_of_the_schema_reaches_a_field_and_every_field_has_a_key() -> None:
    beforehand = {key for key in KEYS if key.partition(".")[0] == "params"}  # what expressions refer to
    beforehand |= {key for key in KEYS if key.startswith((*AXES, *OF_TARGETS))}
    beforehand.add("contexts.config.steps")  # a layer
    bound = {*beforehand, *keys_of(Config), *keys_of(StepConfig, "step")}
    around = {".".join(key.split(".")[:length]) for key in bound for length in range(1, 5)}
    assert sorted(KEYS - bound - around) == []
    assert sorted(bound - KEYS) == []
    leaves = {key for key in KEYS if not any(other.startswith(f"{key}.") for other in KEYS)}
    assert sorted(leaves - bound) == []


@pytest.mark.parametrize("key", sorted(DEFAULTS))
def test_a_default_stands_in_its_description_and_in_the_page_of_the_language(key: str) -> None:
    default = DEFAULTS[key] if isinstance(DEFAULTS[key], str) else json.dumps(DEFAULTS[key])
    assert re.search(rf"Default: {re.escape(default)}[.,]", schema_of(key)["description"])
    if key != "step.service.ingress.path":  # in words
        assert re.search(
            rf"^\| `{key.rpartition('.')[2]}` \|.*\| `{default}` \|$", LANGUAGE.read_text(), re.MULTILINE
        )


def test_what_a_description_calls_the_default_is_one() -> None:
    said = {key: re.search(r"Default: ([\w./~]+)\.$", schema_of(key).get("description", "")) for key in KEYS}
    said.pop("code.bundle.include")  # all
    assert {key for key, match in said.items() if match} == DEFAULTS.keys() - {"step.service.ingress.path"}


DISKS = {"workspace": {"storage_class": "fast"}, "volumes": {"cache": {"size": "1Gi"}}}
NAMED = {"volumes": "cache", "contexts": "box", "space": "x"}  # below them stand names of the user's own
SWEEP = {"random": {"samples": 2, "space": {"x": {"min": 1, "max": 900}}}}
STEP = {"step_name": "a", "image": "a:1", "entrypoint": ["a"], "tolerations": [{"key": "a"}]}


def _output(config: dict[str, Any], name: str = "kubernetes") -> list[str]:
    target = targets.load(name)
    assert target
    given = Input("config.yaml", json.dumps(config).encode(), Path())
    result = compile_config(given, Overrides(), target, Options(target.default_version, target.forms[0]))
    return [artifact.text for artifact in result.artifacts]


@pytest.mark.parametrize("key", sorted(DEFAULTS))
def test_a_default_that_is_written_changes_nothing(key: str) -> None:
    is_of_service = "service" in key or key.removeprefix("step.") in (
        "replicas",
        "min_ready_seconds",
        "revision_history_limit",
    )
    service: dict[str, Any] = {"service": {"ingress": {"host": "a.b"}} if "ingress." in key else {}}
    step = STEP | {"volumes": ["cache:/cache"]} | (service if is_of_service else {})
    if key.startswith("step.sweep."):
        step["sweep"] = SWEEP
    if key.startswith("step.resources.gpu."):
        step["resources"] = {"gpu": {"count": 1}}
    config: dict[str, Any] = {"name": "n", "schedule": {"cron": "@daily"}, "stages": {"s": [step]}, **DISKS}
    config["contexts"] = {"box": {}}
    config["limits"] = {}
    written = copy.deepcopy(config)
    holder = written["stages"]["s"][0] if key.startswith("step.") else written
    *around, last = key.removeprefix("step.").split(".")
    for part in around:
        if "targets" in around:
            holder.setdefault(part, {})
        holder = holder[part][0] if isinstance(holder[part], list) else holder[part]
        holder = holder[NAMED[part]] if part in NAMED else holder
    holder[last] = DEFAULTS[key]
    [name, *_] = [name for name in targets.OWN if f"targets.{name}." in key] or ["kubernetes"]
    if "sweep" in step:
        assert _trials(written) == _trials(config) != []
    else:
        assert _output(written, name) == _output(config, name) != []


def _trials(config: dict[str, Any]) -> list[Trials | None]:
    workflow, _ = analyse(Input("config.yaml", json.dumps(config).encode(), Path()), Overrides())
    assert workflow
    return [job.trials for job in workflow.jobs]


@pytest.mark.parametrize("key", [key for key in sorted(KEYS) if schema_of(key).get("type") == "integer"])
def test_a_whole_number_has_an_end(key: str) -> None:
    """Nothing that reads a manifest takes one without; Kubernetes keeps most of them in 32 bits."""
    assert schema_of(key)["maximum"] <= 2**31 - 1


@pytest.mark.parametrize("odd", ["", "x-pool", "$schema", "a.b", "a[0]", "a/b"])
@pytest.mark.parametrize("key", ["labels", "annotations", "envs", "node_selector"])
def test_a_key_of_the_users_is_one_whatever_it_looks_like(key: str, odd: str) -> None:
    config = {"name": "work", "stages": {"s": [STEP | {key: {odd: "v"}}]}}
    said = _said(json.dumps(config))
    assert [diagnostic.code for diagnostic in said] in ([], [Code.LABEL], [Code.VARIABLE_NAME])
    if not said:
        [text] = _output(config)
        assert odd in text


def _said(config: str) -> list[Diagnostic]:
    return analyse(Input("config.yaml", config.encode(), Path()), Overrides())[1]


def test_what_cannot_be_read_hides_nothing_else() -> None:
    said = _said(
        "name: work\nschedule: {cron: never, timezone: Nowhere, starting_deadline: 5 parsecs}\n"
        "stages: {s: [{step_name: a, image: a, cpu_request: many, memory_request: 1, timeout: soon}]}\n"
    )
    assert sorted(each.code.name for each in said) == [
        "CRON",
        "DURATION",
        "DURATION",
        "QUANTITY",
        "TIMEZONE",
        "UNLIKELY_AMOUNT",
    ]


class Inner(NamedTuple):
    """Keys below others."""

    hours: Annotated[Duration | None, "starting_deadline"]
    kept: Annotated[Located[int] | None, "history.success"]
    span: Span


class Outer(NamedTuple):
    """A noun for the test."""

    zone: Annotated[str, "schedule.timezone"]
    schedule: Inner | None
    labels: tuple[tuple[str, str], ...]


def _root(text: str) -> Mapping:
    source, _ = decode("config.yaml", text.encode())
    root, _ = read(source)
    assert root
    return root


def test_a_field_says_what_it_is() -> None:
    diagnostics: list[Diagnostic] = []
    root = _root("schedule: {starting_deadline: 2h, history: {success: 3}}\nlabels: {a: 1, b: yes}\n")
    outer = bind(Outer, root, "", diagnostics)
    assert outer.schedule
    assert outer.schedule.kept
    assert (outer.zone, outer.schedule.hours, outer.schedule.kept.value) == ("UTC", 7200, 3)
    assert (outer.schedule.span.column, outer.schedule.kept.span.column) == (11, 54)
    assert outer.labels == (("a", "1"), ("b", "yes"))
    assert diagnostics == []


def test_nothing_written_is_nothing() -> None:
    assert bind(Outer, _root("x-a: 1\n"), "", []) == Outer("UTC", None, ())


def test_what_cannot_be_read_has_its_place() -> None:
    diagnostics: list[Diagnostic] = []
    outer = bind(Outer, _root("schedule: {starting_deadline: 2 lightyears}\n"), "", diagnostics)
    [problem] = diagnostics
    assert (problem.code, problem.span.column) == (Code.DURATION, 31)
    assert outer.schedule
    assert outer.schedule.hours is None
