"""What our writer writes, and the schedules that we accept, as the Go programs behind kubectl and Argo read them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automl.compiler.values.cron import CronError, parse_cron
from automl.targets.writers.yaml import write_json, write_yaml
from tests.conformance import schemas, tools
from tests.targets.nasty import NASTY, TEXTS, VALUES

_FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("written")


def assert_go_reads(documents: list[dict[str, Any]], folder: Path) -> None:
    whole = (
        [documents[0]] if len(documents) == 1 else [{"apiVersion": "v1", "kind": "List", "items": documents}]
    )
    texts = {"a.yaml": write_yaml(documents, header="made by a test"), "a.json": write_json(documents)}
    for (name, text), meant in zip(texts.items(), (documents, whole), strict=True):
        (folder / name).write_text(text, encoding="utf-8")
        found = tools.go_yaml([folder / name])[folder / name]
        assert not isinstance(found, str), found
        assert as_json(found) == as_json(meant)


def as_json(value: Any) -> str:
    """The value as JSON, in which 1.0 and 1 are the same number."""
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def test_nasty_strings_in_every_place(folder: Path) -> None:
    everywhere: list[dict[str, Any]] = [
        {"a": text, "b": [text, [text], {"c": text, "d": {"e": text}}], "f": {"g": {"h": text}}}
        for text in NASTY
    ]
    assert_go_reads(everywhere, folder)


def test_nasty_strings_as_keys(folder: Path) -> None:
    keys = [text for text in NASTY if len(text) < 500]
    assert_go_reads([dict.fromkeys(keys, "x"), {"a": [{key: {key: [key]}} for key in keys]}], folder)


def test_numbers(folder: Path) -> None:
    numbers = [0, -1, 2**53, -(2**53), 0.5, 1e-7, -1e-300, 1.7976931348623157e8, 123456.789, 1e15, 5e-324]
    assert_go_reads([{"numbers": numbers, "flags": [True, False, None]}], folder)


@_FEW
@given(st.lists(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=6), min_size=1, max_size=3))
def test_any_value(folder: Path, documents: list[dict[str, Any]]) -> None:
    assert_go_reads(documents, folder)


def _items(low: int, high: int, names: str = "") -> st.SearchStrategy[str]:
    numbers = st.integers(low, high).map(str)
    spans = st.tuples(st.integers(low, high), st.integers(low, high)).map(lambda ends: f"{ends[0]}-{ends[1]}")
    words = st.sampled_from(names.split() or ["*"])
    starts = st.one_of(st.just("*"), numbers, spans, words)
    return starts | st.tuples(starts, st.integers(1, 99)).map(lambda pair: f"{pair[0]}/{pair[1]}")


def _field(low: int, high: int, names: str = "") -> st.SearchStrategy[str]:
    return st.lists(_items(low, high, names), min_size=1, max_size=3).map(",".join)


_schedules = st.tuples(
    _field(0, 59),
    _field(0, 23),
    _field(1, 31),
    _field(1, 12, "jan FEB Mar jun-sep oct-dec"),
    _field(0, 7, "sun Mon TUE fri-sun sat mon-fri 7-2 5-7"),
).map(" ".join) | st.sampled_from(
    ["@daily", "@Hourly", "@weekly", "@yearly", "@annually", "@monthly", "@midnight"]
)


@settings(_FEW, max_examples=8)
@given(st.lists(_schedules, min_size=30, max_size=60))
def test_every_schedule_that_we_accept_is_one_for_argo(written: list[str]) -> None:
    accepted = []
    for text in written:
        try:
            accepted.append(parse_cron(text).expression)
        except CronError:
            continue
    assert tools.robfig_cron(accepted) == [None] * len(accepted)
    assert [text for text in accepted if not re.fullmatch(pattern_of_argo(), text)] == []


def pattern_of_argo() -> str:
    """What the CRD of Argo 4 asks of a schedule."""
    definition = schemas.argo(tools.ARGO_VERSIONS["4.0"]) / "argoproj.io" / "cronworkflow_v1alpha1.json"
    spec = json.loads(definition.read_text(encoding="utf-8"))["properties"]["spec"]
    pattern: str = spec["properties"]["schedules"]["items"]["pattern"]
    return pattern
