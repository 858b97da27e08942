"""Every object that is made fits where it goes: what is too large is an error at its place, on every target."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from automl import targets
from automl.compiler.diagnostics import has_errors
from automl.compiler.driver import Input, Overrides, Result, compile_config
from automl.compiler.target import Options
from automl.targets.kubeflow.in_argo import Run
from automl.targets.kubeflow.parts import Parts, parts_of
from automl.targets.kubeflow.pipeline import Pipeline
from automl.targets.kubeflow.sizes import sizes_of
from automl.targets.objects.json import go_json, size_as_text, size_in_go
from tests.examples import examples
from tests.golden import GOLDEN
from tests.targets.nasty import VALUES

LONGEST_COPY = (
    262_144  # bytes of the annotations of an object, in one of which kubectl apply keeps a copy of it
)
TARGETS = ("argo", "kubeflow-native", "kubernetes")


def compiled(config: Any, target: str, folder: Path) -> Result:
    found = targets.load(target)
    assert found
    options = Options(found.default_version, found.forms[0])
    text = json.dumps(config, indent=1).encode()
    return compile_config(Input("config.yaml", text, folder), Overrides(), found, options)


def step(size: int, *, is_service: bool = False, key: str = "envs") -> Any:
    """A step with so many bytes in ten variables or annotations."""
    texts = {f"NAME_{number}": "x" * (size // 10) for number in range(10)}
    service = {"service": {}, "timeout": 60} if is_service else {}
    return {"step_name": "large", "image": "i", "entrypoint": ["run"], key: texts, **service}


@pytest.mark.parametrize("size", [50_000, 100_000, 120_000, 200_000, 240_000, 260_000, 500_000])
@pytest.mark.parametrize("is_service", [False, True], ids=["job", "service"])
@pytest.mark.parametrize("target", TARGETS)
def test_what_is_too_large_is_said(target: str, is_service: bool, size: int, tmp_path: Path) -> None:
    first = {"step_name": "small", "image": "i", "entrypoint": ["run"]}
    config = {"name": "w", "stages": {"a": [first], "b": [step(size, is_service=is_service)]}}
    result = compiled(config, target, tmp_path)
    if has_errors(result.diagnostics):
        assert size > 90_000
        [said] = [each for each in result.diagnostics if each.severity == 0]
        assert "KiB" in said.message
    else:
        assert size < 250_000
        text = result.artifacts[0].text
        documents = yaml.load_all(text, yaml.CSafeLoader)
        assert max(len(json.dumps(each, separators=(",", ":"))) for each in documents) < LONGEST_COPY


@pytest.mark.parametrize("target", ["argo", "kubernetes"])
def test_a_thousand_steps_that_hand_on_a_value_each_fit(target: str, tmp_path: Path) -> None:
    result = compiled({"name": "w", "stages": stages_with_values(1_000)}, target, tmp_path)
    assert not has_errors(result.diagnostics)
    documents = yaml.load_all(result.artifacts[0].text, yaml.CSafeLoader)
    assert max(len(json.dumps(each, separators=(",", ":"))) for each in documents) < LONGEST_COPY


def test_a_plan_of_many_steps_is_in_several_config_maps_each_as_full_as_can_be(tmp_path: Path) -> None:
    result = compiled({"name": "w", "stages": stages_with_values(1_000)}, "kubernetes", tmp_path)
    documents = yaml.load_all(result.artifacts[0].text, yaml.CSafeLoader)
    plans = [each for each in documents if "-plan-" in each["metadata"]["name"]]
    first, second = (len(json.dumps(each, separators=(",", ":"))) for each in plans)
    assert LONGEST_COPY - 20_000 < first < LONGEST_COPY
    assert second < LONGEST_COPY


def stages_with_values(steps: int) -> dict[str, Any]:
    """A hundred steps in each stage; each leaves a value, and takes one of the stage before."""
    stages: dict[str, Any] = {}
    for number in range(steps):
        taken = {"rows": f"${{{{ steps.step-{number - 100}.outputs.rows }}}}"} if number >= 100 else {}
        made = {
            "step_name": f"step-{number}",
            "image": "i",
            "entrypoint": ["run"],
            "outputs": {"rows": "int"},
        }
        stages.setdefault(f"stage-{number // 100}", []).append(made | {"inputs": taken})
    return stages


def test_it_is_said_at_the_step(tmp_path: Path) -> None:
    config = {"name": "w", "stages": {"a": [step(300_000)]}}
    for target in ("argo", "kubernetes"):
        [said] = [each for each in compiled(config, target, tmp_path).diagnostics if each.severity == 0]
        assert said.span.line == 6
        size, *_ = re.findall(r" takes (\d+) KiB", said.message)
        assert 300_000 // 1024 <= int(size) < 310_000 // 1024


@settings(max_examples=examples(100), deadline=None)
@given(VALUES)
def test_the_size_of_json_in_json_is_counted(value: Any) -> None:
    text = go_json(value)
    assert size_as_text(text) == size_in_go(text)


PACKAGES = sorted(path.parent.name for path in GOLDEN.glob("*/kubeflow.yaml"))


def package(text: str) -> tuple[Pipeline, Parts]:
    documents: list[Any] = [*yaml.load_all(text, yaml.CSafeLoader), {}]
    pipeline = Pipeline(*documents[:2])
    return pipeline, parts_of(pipeline)


@pytest.mark.parametrize("name", PACKAGES)
def test_the_arguments_of_a_run_take_what_they_are_as_json(name: str) -> None:
    pipeline, parts = package((GOLDEN / name / "kubeflow.yaml").read_text())
    prefixes = (f"components-{'0' * 64}", f"implementations-{'0' * 64}", "kubernetes-")
    arguments: list[Any] = [
        {"name": prefix if len(prefix) > 64 else f"{prefix}{part}", "value": text}
        for prefix, texts in zip(prefixes, parts, strict=True)
        for part, text in texts.items()
    ]
    assert Run(pipeline, parts).bytes_of_arguments() == size_in_go(arguments)


@pytest.mark.parametrize("name", PACKAGES)
def test_a_run_that_is_not_written_down_takes_no_more_than_is_said(name: str) -> None:
    pipeline, parts = package((GOLDEN / name / "kubeflow.yaml").read_text())
    assert sizes_of(pipeline, parts, below=10**9).end >= sizes_of(pipeline, parts).end


@pytest.mark.parametrize("sign", ['"', "\\", '\\"', "<", "x"])
def test_nor_does_one_whose_texts_are_mostly_escapes(sign: str, tmp_path: Path) -> None:
    texts = {"args": [sign * 500], "envs": {"A": sign * 100}, "annotations": {"a": sign * 50}}
    job = {"image": "i", "entrypoint": ["run"], "backoff_limit": 3, **texts}
    steps = [{"step_name": f"{'long' * 12}-{number}", **job} for number in range(15)]
    config = {"name": "w" * 60, "stages": {f"stage-{number}": [one] for number, one in enumerate(steps)}}
    pipeline, parts = package(compiled(config, "kubeflow", tmp_path).artifacts[0].text)
    exact, most = sizes_of(pipeline, parts), sizes_of(pipeline, parts, below=10**9)
    assert exact.end <= most.end
    assert exact.start == most.start


def test_a_run_with_a_loop_is_always_written_down(tmp_path: Path) -> None:
    sweep = {"grid": {"x": {"min": 1, "max": 100, "step": 1}}}
    swept = {"step_name": "a", "image": "i", "entrypoint": ["run"], "sweep": sweep}
    config = {"name": "w", "stages": {"a": [swept]}}
    pipeline, parts = package(compiled(config, "kubeflow", tmp_path).artifacts[0].text)
    exact = sizes_of(pipeline, parts)
    assert sizes_of(pipeline, parts, below=10**9) == exact


def test_what_is_nearer_is_packed_as_argo_packs(tmp_path: Path) -> None:
    """Unless less work says that it surely fits."""
    steps = [{**step(2_000), "step_name": f"step-{number}"} for number in range(100)]
    config = {"name": "w", "stages": {"a": steps}}
    pipeline, parts = package(compiled(config, "kubeflow", tmp_path).artifacts[0].text)
    exact = sizes_of(pipeline, parts)
    start, most = sizes_of(pipeline, parts, below=2 * exact.end)
    assert exact.end < most < 2 * exact.end < 10 * start
    assert sizes_of(pipeline, parts, below=most + 1) == (start, most)
    assert sizes_of(pipeline, parts, below=most) == exact


def test_what_is_far_from_the_limit_is_not_written_down(tmp_path: Path) -> None:
    config = {"name": "w", "stages": {"a": [step(100)]}}
    pipeline, parts = package(compiled(config, "kubeflow", tmp_path).artifacts[0].text)
    start, most = sizes_of(pipeline, parts, below=10**9)
    assert most > sizes_of(pipeline, parts).end
    assert sizes_of(pipeline, parts, below=most).end < most
    assert start < most
