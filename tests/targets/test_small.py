"""What is surely small is: each size that has a limit is counted as what it is, or more."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from automl import targets
from automl.compiler import driver
from automl.compiler.diagnostics import has_errors
from automl.compiler.driver import Input, Overrides, analyse
from automl.compiler.ir import Workflow
from automl.compiler.target import Emission, Options
from automl.targets.argo.checks import workflow_bytes
from automl.targets.kubeflow import sizes
from automl.targets.kubeflow.parts import parts_of
from automl.targets.kubeflow.pipeline import Pipeline
from automl.targets.objects import small
from automl.targets.objects.json import size_in_go, size_of
from automl.targets.objects.small import OF_ARGUMENT, OF_OBJECT, has_plain_jobs, is_small, most_bytes
from tests.examples import examples
from tests.golden import cases, overrides_of, project_copy
from tests.targets.nasty import TEXTS

NAMES = ("argo", "kubeflow", "kubeflow-native", "kubernetes")
FREE = 10**12  # for what is measured beyond the limits, too


def emitted(workflow: Workflow, name: str) -> Emission:
    target = targets.load(name)
    assert target
    return driver.emit(workflow, target, Options(target.versions[-1], target.forms[0]))


def documents(workflow: Workflow, name: str) -> list[Any]:
    return [*yaml.load_all(emitted(workflow, name).artifacts[0].text, yaml.CSafeLoader)]


def counted(workflow: Workflow) -> dict[str, int]:
    """What has a limit, as many times as the count has to have room for it."""
    argo, native, plain = (documents(workflow, name) for name in ("argo", "kubeflow-native", "kubernetes"))
    [version] = [document["spec"] for document in native if document["kind"] == "PipelineVersion"]
    mine = Pipeline(*[*documents(workflow, "kubeflow"), {}][:2])
    pipelines = [mine, Pipeline(version["pipelineSpec"], version.get("platformSpec", {}))]
    parts = [*map(parts_of, pipelines)]
    texts = [text for one in parts for kind in one for text in kind.values()]
    templates = [template for one in argo for template in templates_of(one)]
    words = [size_in_go(one["container"].get("args", [])) for one in templates if "container" in one]
    objects = [one for one in (*argo, *native, *plain) if "-plan-" not in one["metadata"]["name"]]
    ends = [sizes.sizes_of(one, part).end for one, part in zip(pipelines, parts, strict=True)]
    of_argo = [size_of(template) for template in templates]
    return {
        "run": max(ends),
        "run of Argo": workflow_bytes(workflow, of_argo),
        "argument": OF_ARGUMENT * max(*(len(text.encode()) for text in texts), *words),
        "object": OF_OBJECT * max(*map(size_of, objects), *of_argo),
    }


def templates_of(document: Any) -> list[Any]:
    """Those in an object, or in the Workflow that it makes."""
    spec = document.get("spec", {})
    return [*spec.get("workflowSpec", spec).get("templates", ())]


def workflow_of(config: Any, folder: Path) -> Workflow | None:
    text = json.dumps(config, ensure_ascii=False).replace("\x7f", "\\u007f")
    return analyse(Input("config.yaml", text.encode(), folder), Overrides())[0]


@pytest.fixture(autouse=True)
def _is_measured_beyond_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "MAX_WORKFLOW_BYTES", FREE)


def assert_counted(workflow: Workflow) -> None:
    most = most_bytes(workflow)
    assert {what: size for what, size in counted(workflow).items() if size > most} == {}


def golden(name: str, folder: Path) -> Workflow | None:
    config = project_copy(name, folder) / "config.yaml"
    return analyse(Input("config.yaml", config.read_bytes(), config.parent), overrides_of(name))[0]


@pytest.mark.parametrize("name", cases())
def test_a_golden_is_no_larger_than_is_counted(name: str, tmp_path: Path) -> None:
    workflow = golden(name, tmp_path)
    if workflow and has_plain_jobs(workflow) and len(workflow.nodes) < 100:
        assert_counted(workflow)


@pytest.mark.parametrize("name", cases())
def test_a_small_golden_is_told_the_same_when_all_is_looked_at(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow = golden(name, tmp_path)
    if workflow and is_small(workflow):
        short = [set(emitted(workflow, target).diagnostics) for target in NAMES]
        monkeypatch.setattr(small, "MOST_BYTES", 0)
        again = workflow._replace()
        assert not is_small(again)
        assert [set(emitted(again, target).diagnostics) for target in NAMES] == short


SIGNS = (
    "x",
    " ",
    '"',
    "\\",
    "'",
    "<",
    "$",
    "$(A)",
    "{{x}}",
    "\n",
    "\t",
    "\x7f",
    "é",
    "\u2028",
    "\u20ac",
    "😀",
    "\U000e0041",
)
"""Signs that one of the writers between a config and a run escapes, each in its own way."""


def of_texts(text: str) -> dict[str, Any]:
    """Everything of a job that may be any text."""
    return {
        "entrypoint": ["run", text],
        "args": [text, f"--a={text}"],
        "envs": {"A": text, "B": f"b {text}"},
        "annotations": {"example.com/a": text},
    }


@pytest.mark.parametrize(
    ("sign", "length"), [*((sign, 30_000 // len(sign)) for sign in SIGNS), ("x", 120_000)]
)
@pytest.mark.parametrize("key", of_texts(""))
def test_a_long_text_is_counted(key: str, sign: str, length: int, tmp_path: Path) -> None:
    """A very long one, too, beside which nothing else counts."""
    job = {"step_name": "a", "image": "i", "entrypoint": ["run"], "backoff_limit": 3}
    config = {"name": "w", "stages": {"s": [job | {key: of_texts(sign * length)[key]}]}}
    workflow = workflow_of(config, tmp_path)
    assert workflow
    assert_counted(workflow)


@pytest.mark.parametrize("sign", SIGNS)
def test_a_long_text_around_the_steps_is_counted(sign: str, tmp_path: Path) -> None:
    jobs = [{"step_name": name, "image": "i", "entrypoint": ["run"]} for name in "abc"]
    texts = {"description": sign * 900, "annotations": {"example.com/a": sign * 20_000}}
    config = {"name": "w", "params": {"p": sign * 5_000}, **texts, "stages": {"s": jobs}}
    workflow = workflow_of(config, tmp_path)
    assert workflow
    assert_counted(workflow)


COUNT = 300
MANY: dict[str, Any] = {
    "args": ["a"] * COUNT,
    "envs": {f"A{number}": "" for number in range(COUNT)},
    "labels": {f"a{number}": "b" for number in range(COUNT)},
    "annotations": {f"a{number}": "" for number in range(COUNT)},
    "secrets": [{"name": f"a{number}", "keys": {"k": f"A{number}"}} for number in range(COUNT)],
    "keys": [{"name": "a" * 250, "keys": {f"k{number}": f"A{number}" for number in range(COUNT)}}],
    "tolerations": [{"key": f"a{number}", "operator": "Exists"} for number in range(COUNT)],
    "node_selector": {f"a{number}": "b" for number in range(COUNT)},
    "image_pull_secrets": [f"a{number}" for number in range(COUNT)],
    "volumes": [f"v{number}:/mnt/{number}" for number in range(COUNT)],
    "inputs": {f"i{number}": f"${{{{ params.p{number} }}}}" for number in range(COUNT)},
}


@pytest.mark.parametrize("key", MANY)
def test_many_values_are_counted(key: str, tmp_path: Path) -> None:
    job = {
        "image": "i",
        "entrypoint": ["run"],
        "backoff_limit": 3,
        "secrets" if key == "keys" else key: MANY[key],
    }
    config: dict[str, Any] = {"name": "w", "stages": {"s": [job | {"step_name": name} for name in "abc"]}}
    config["params"] = {f"p{number}": 1 for number in range(COUNT)} if key == "inputs" else {}
    config["volumes"] = {f"v{number}": {"claim": "c" * 200 + str(number)} for number in range(COUNT)}
    workflow = workflow_of(config if key == "volumes" else {**config, "volumes": {}}, tmp_path)
    assert workflow
    assert_counted(workflow)


def in_one_stage(jobs: list[Any]) -> dict[str, Any]:
    return {"s": jobs}


def in_stages(jobs: list[Any]) -> dict[str, Any]:
    return {f"stage-{number}": [job] for number, job in enumerate(jobs)}


def in_pairs(jobs: list[Any]) -> dict[str, Any]:
    return {"s": jobs[::2], "t": jobs[1::2]}


def after_all(jobs: list[Any]) -> dict[str, Any]:
    """Each waits for all before it, one by one."""
    names = [job["step_name"] for job in jobs]
    return {"s": [job | {"needs": names[:number]} for number, job in enumerate(jobs)]}


@pytest.mark.parametrize("stages", [in_one_stage, in_stages, in_pairs, after_all])
@pytest.mark.parametrize("length", [1, 50])
def test_many_steps_are_counted(stages: Any, length: int, tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    kinds: list[dict[str, Any]] = [
        {"path_to_executable": "a.py"},
        {"image": "i", "entrypoint": ["run"], "backoff_limit": 3},
    ]
    jobs = [
        kinds[number % 2]
        | {
            "step_name": "n" * length + str(number),
            "labels": {f"a{label}": "b" for label in range(number % 5)},
        }
        for number in range(60)
    ]
    workflow = workflow_of({"name": "w" * 63, "stages": stages(jobs)}, tmp_path)
    assert workflow
    assert_counted(workflow)


@pytest.mark.parametrize("size", [10, 10_000, 100_000])
def test_a_project_is_counted(size: int, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"# " + random.Random(1).randbytes(size).hex().encode())
    job = {"step_name": "a", "path_to_executable": "a.py", "backoff_limit": 3, "secrets": ["s"]}
    workflow = workflow_of({"name": "w", "params": {"p": 1}, "stages": {"s": [job]}}, tmp_path)
    assert workflow
    assert_counted(workflow)


@st.composite
def configs(draw: st.DrawFn) -> Any:
    """Of a few jobs, with some of all that is tried alone above."""
    texts = TEXTS | st.builds(lambda sign, count: sign * count, st.sampled_from(SIGNS), st.integers(1, 2_000))
    jobs: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 6))):
        keys = draw(st.sets(st.sampled_from(sorted(MANY.keys() - {"keys", "volumes", "inputs"}))))
        some = draw(st.integers(1, 20))
        job = {
            key: dict([*MANY[key].items()][:some]) if isinstance(MANY[key], dict) else MANY[key][:some]
            for key in keys
        }
        job |= {key: value for key, value in of_texts(draw(texts)).items() if draw(st.booleans())}
        jobs.append({"step_name": f"a{number}", "image": "i", "entrypoint": ["run"]} | job)
    stages = draw(st.sampled_from([in_one_stage, in_stages, in_pairs, after_all]))(jobs)
    return {"name": "w", "description": draw(texts), "annotations": {"a": draw(texts)}, "stages": stages}


@settings(max_examples=examples(200), deadline=None)
@given(configs())
def test_what_is_told_of_a_small_workflow_does_not_depend_on_that(config: Any) -> None:
    workflow = workflow_of(config, Path())
    if workflow is None:
        return
    if all(not has_errors(emitted(workflow, name).diagnostics) for name in NAMES):
        assert_counted(workflow)
    if is_small(workflow):
        short = [set(emitted(workflow, name).diagnostics) for name in NAMES]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(small, "MOST_BYTES", 0)
            again = workflow._replace()
            assert [set(emitted(again, name).diagnostics) for name in NAMES] == short
