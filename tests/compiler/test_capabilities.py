"""The driver says what the table of a target says, of any target: by kind, form and version, at the place of the key."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from automl.compiler.capabilities import NATIVE, implied, lost, refused, since
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.ir import Workflow
from automl.compiler.target import Artifact, ByKind, Capabilities, Capability, Emission, Options, Row, Support
from automl.compiler.views.matrix import matrix

CONFIG = """\
name: demo
schedule: {cron: "@daily", history: {failed: 1}}
defaults:
  timeout: 30m
stages:
  train:
    - {step_name: fit, image: "fit:1", cpu_request: 2}
    - step_name: api
      image: api:1
      cpu_request: 1
      service: {port: 80, readiness: {path: /health}}
      secrets: [store, {name: database, keys: {password: DB}}, {name: log, keys: {token: LOG}}]
"""
GROUPS = ("name", "schedule", "stages", "defaults", "step.step_name", "step.image", "step.cpu_request")
EVERYTHING: dict[str, Row] = dict.fromkeys(
    [*GROUPS, "step.timeout", "step.service", "step.secrets", "step.secrets.keys"], NATIVE
)
Said = tuple[str, str, str]


class Engine:
    """A target of somebody, which says nothing itself."""

    name, summary, default_version = "engine", "", "2.0"
    versions: tuple[str, ...] = ("1.9", "1.10", "2.0")
    forms: tuple[str, ...] = ("one", "two")

    def __init__(self, rows: Capabilities, forms: Mapping[str, Capabilities] = MappingProxyType({})) -> None:
        self.capabilities = rows
        self.form_capabilities = forms

    def emit(self, workflow: Workflow, options: Options) -> Emission:
        return Emission((Artifact("a.yaml", f"# {options.form}\n"),), ())


def said(engine: Engine, version: str = "2.0", form: str = "one", config: str = CONFIG) -> list[Said]:
    """The code, the text that it stands below, and the message of each finding."""
    given = Input("config.yaml", config.encode(), Path())
    result = compile_config(given, Overrides(), engine, Options(version, form))
    assert (result.artifacts == ()) == any(each.code == "AML601" for each in result.diagnostics)
    spans = [(each, each.span) for each in result.diagnostics]
    return [
        (each.code, f"{span.line}:{span.source.line(span.line)[span.column - 1 :][:8]}", each.message)
        for each, span in spans
    ]


def test_what_is_native_needs_no_word() -> None:
    assert said(Engine(EVERYTHING)) == []


def test_a_key_below_others_is_said_at_its_own_place() -> None:
    rows: dict[str, Row] = {
        "step.service.readiness.path": lost("nobody looks"),
        "schedule.history.failed": implied("all"),
    }
    assert said(Engine(EVERYTHING | rows)) == [
        ("AML603", "2:failed: ", '"failed" is not needed: all'),
        ("AML602", "11:path: /h", '"path" is left out: nobody looks'),
    ]


def test_a_key_in_a_list_is_said_of_every_item() -> None:
    rows: dict[str, Row] = {"step.secrets.keys": refused("all or nothing")}
    assert [place for _, place, _ in said(Engine(EVERYTHING | rows))] == ["12:keys: {p", "12:keys: {t"]


def test_of_what_is_in_a_key_that_is_lost_nothing_more_is_said() -> None:
    rows: dict[str, Row] = {"step.service": lost("no port"), "step.service.port": refused("no port")}
    assert said(Engine(EVERYTHING | rows)) == [("AML602", "11:service:", '"service" is left out: no port')]


def test_keys_beside_one_that_cannot_be_said_are_not_refused_again() -> None:
    rows: dict[str, Row] = {
        "schedule.cron": refused("no clock"),
        "schedule.history": refused("no clock"),
        "step.service.port": implied("any port"),
        "step.service.readiness.path": refused("nobody looks"),
        "step.cpu_request": refused("no clock"),
        "step.image": refused("no clock"),
    }
    no_clock = ("cron", "image", "cpu_request", "image", "cpu_request")
    assert [message for *_, message in said(Engine(EVERYTHING | rows))] == [
        *(f'"{key}" cannot be said: no clock' for key in no_clock),
        '"port" is not needed: any port',
        '"path" cannot be said: nobody looks',
    ]


def test_other_refusals_beside_one_are_said_and_hints_are_not() -> None:
    rows: dict[str, Row] = {
        "schedule.cron": refused("no clock"),
        "schedule.history": refused("no memory"),
        "schedule.history.failed": NATIVE,
    }
    cron, history = (
        f'"{key}" cannot be said: no {what}' for key, what in (("cron", "clock"), ("history", "memory"))
    )
    assert [message for *_, message in said(Engine(EVERYTHING | rows))] == [cron, history]
    rows["schedule.history"] = lost("no memory")
    assert [message for *_, message in said(Engine(EVERYTHING | rows))] == [cron]


def test_a_key_may_be_lost_for_jobs_and_kept_for_services() -> None:
    rows: dict[str, Row] = {"step.cpu_request": ByKind(job=lost("small"), service=NATIVE)}
    assert said(Engine(EVERYTHING | rows)) == [("AML602", "7:cpu_requ", '"cpu_request" is left out: small')]
    rows = {"step.cpu_request": ByKind(job=NATIVE, service=lost("small"))}
    assert said(Engine(EVERYTHING | rows)) == [("AML602", "10:cpu_requ", '"cpu_request" is left out: small')]


def test_a_key_that_only_one_kind_has_is_not_missing_for_the_other() -> None:
    assert said(Engine(EVERYTHING | {"step.cpu_request": ByKind(job=NATIVE)})) == []


def test_a_key_of_the_defaults_is_said_once_and_there() -> None:
    assert said(Engine(EVERYTHING | {"step.timeout": lost("endless")})) == [
        ("AML602", "4:timeout:", '"timeout" is left out: endless')
    ]


def test_a_form_may_have_rows_of_its_own() -> None:
    engine = Engine(EVERYTHING | {"name": lost("one")}, {"two": {"name": NATIVE, "stages": lost("two")}})
    assert [message for _, _, message in said(engine)] == ['"name" is left out: one']
    assert [message for _, _, message in said(engine, form="two")] == ['"stages" is left out: two']


@pytest.mark.parametrize("version", ["1.9", "1.10", "2.0"])
def test_what_came_with_a_version_is_something_else_before_it(version: str) -> None:
    rows: dict[str, Row] = {"name": since("1.10", NATIVE, lost("no name")), "stages": since("2.0", NATIVE)}
    expected = {
        "1.9": [
            ("AML602", "1:name: de", '"name" is left out: no name'),
            ("AML601", "5:stages:", '"stages" cannot be said: engine has it since 2.0'),
        ],
        "1.10": [("AML601", "5:stages:", '"stages" cannot be said: engine has it since 2.0')],
        "2.0": [],
    }
    assert said(Engine(EVERYTHING | rows), version) == expected[version]


def test_what_is_said_does_not_depend_on_what_came_before() -> None:
    rows: dict[str, Row] = {
        key: row for key, row in EVERYTHING.items() if key not in ("step.image", "schedule")
    }
    rows |= {"step.cpu_request": since("2.0", NATIVE, lost("old")), "step.service": ByKind(service=NATIVE)}
    alone = CONFIG.replace('    - {step_name: fit, image: "fit:1", cpu_request: 2}\n', "")
    forms: Mapping[str, Capabilities] = {"two": {"step.secrets": lost("two")}}
    asked = [
        (version, form, config)
        for version in ("2.0", "1.9")
        for form in ("one", "two")
        for config in (CONFIG, alone)
    ]
    engine = Engine(rows, forms)
    for one in (*asked, *reversed(asked)):
        assert said(engine, *one) == said(Engine(rows, forms), *one) != []


def test_a_way_out_may_be_worked_out() -> None:
    engine = Engine(EVERYTHING | {"name": lost("no names", lambda workflow: f"call it {workflow.name}")})
    given = Input("config.yaml", CONFIG.encode(), Path())
    [found] = compile_config(given, Overrides(), engine, Options("2.0", "one")).diagnostics
    assert found.help == "call it demo"


def test_a_key_without_a_row_is_said_once_with_nothing_of_what_is_in_it() -> None:
    rows: dict[str, Row] = {
        key: row for key, row in EVERYTHING.items() if key not in ("step.service", "step.image")
    }
    assert said(Engine(rows)) == [
        ("AML607", '7:image: "', 'engine does not say what becomes of "image"'),
        ("AML607", "11:service:", 'engine does not say what becomes of "service"'),
    ]


def test_a_key_around_others_needs_no_row() -> None:
    rows: dict[str, Row] = {
        key: row for key, row in EVERYTHING.items() if key not in ("step.service", "schedule")
    }
    rows |= {"step.service.port": NATIVE, "schedule.cron": NATIVE}
    assert said(Engine(rows)) == [
        ("AML607", "2:history:", 'engine does not say what becomes of "history"'),
        ("AML607", "11:readines", 'engine does not say what becomes of "readiness"'),
    ]


def test_a_target_without_a_table_is_one_warning() -> None:
    assert said(Engine({})) == [("AML607", "1:name: de", "engine does not say what becomes of any key")]


def test_a_capability_cannot_be_mistaken_for_a_row_of_values() -> None:
    with pytest.raises(TypeError):
        Capability(Support.LOST, "no")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        tuple(lost("no"))  # type: ignore[arg-type]


def test_the_matrix_shows_kinds_forms_and_versions() -> None:
    rows: dict[str, Row] = {
        "name": since("1.10", NATIVE, lost("none")),
        "step.image": ByKind(job=lost("small"), service=NATIVE),
        "step.args": ByKind(job=NATIVE, service=NATIVE),
    }
    other = Engine({"name": NATIVE, "step.args": ByKind(job=NATIVE), "step.image": refused("none")})
    other.name = "other"
    text = matrix([Engine(rows, {"two": {"name": refused("never")}}), other])
    assert (
        re.sub(" +", " ", text)
        == """\
| key | engine | engine two | other |
| ------------ | ------------------------------ | -------------------------- | ----------- |
| `name` | native since 1.10, lost before | refused | native |
| `step.image` | job: lost, service: native | job: lost, service: native | refused |
| `step.args` | native | native | job: native |

- `name` (engine): none
- `name` (engine two): never
- `step.image` (engine, engine two): small
- `step.image` (other): none
"""
    )
