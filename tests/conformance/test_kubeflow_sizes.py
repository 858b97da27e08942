"""How large a run gets in Argo: our estimate, held against Argo's own packer."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import yaml

from automl.targets.dag.limits import MAX_WORKFLOW_BYTES
from automl.targets.kubeflow.parts import parts_of
from automl.targets.kubeflow.pipeline import Pipeline
from automl.targets.kubeflow.sizes import Sizes, sizes_of
from tests.conformance.kubeflow_judge import workflow_sizes
from tests.golden import GOLDEN, manifests
from tests.targets.test_kubeflow import made_of, steps

PROJECT = ("image: i, entrypoint: [run]", "path_to_executable: a.py")
REALISTIC = (
    ", envs: {A: one, B: two, C: three}, secrets: [{name: store, keys: {id: ID, key: KEY}}], backoff_limit: 2"
    ", timeout: 30m, args: [--one, '1', --two, '2', --three]"
)
LONG = "x" * 58 + "-{}"


def of_project(config: str) -> str:
    """The same, of steps that start a file of the project."""
    return config.replace(*PROJECT).replace("code: {image: true}\n", "")


def realistic(number: int) -> str:
    return of_project(steps(number)).replace("a.py}", f"a.py{REALISTIC}}}")


def wide(first: int, number: int) -> str:
    """Some steps, and many behind each of them."""
    lines = of_project(steps(number, LONG, number)).splitlines()
    return "\n".join([*lines[: 3 + first], "  two:", *lines[3 + first :]])


def needing(first: int, number: int) -> str:
    """Some steps in the first stage, and as many again that each wait for all of these by name, but for the last."""
    needed = ", ".join(f"step-{step}" for step in range(first - 1))
    lines = steps(first + number, stage=first).splitlines()
    return "\n".join(
        [
            *lines[: 6 + first],
            *(f"{line[:6]}{{{line[6:]}, needs: [{needed}]}}" for line in lines[6 + first :]),
        ]
    )


def deployed(services: int) -> str:
    """A step that trains, and services of what it trains."""
    each = "{{step_name: api-{}, command: [python, a.py], timeout: 5m, service: {{}}}}"
    serve = f", serve: [{', '.join(map(each.format, range(services)))}]" if services else ""
    return f"name: w\nstages: {{train: [{{step_name: a, path_to_executable: a.py}}]{serve}}}"


def sharing(number: int) -> str:
    """Steps of which every second one has the same long text, far from the next in what Argo packs."""
    texts = [Random(seed).randbytes(3_350).hex() for seed in (1, 2)]
    lines = steps(number).splitlines()
    return "\n".join(
        f"    - {{step_name: step-{index}, args: [{texts[index % 2]}]}}" if "step_name" in line else line
        for index, line in enumerate(lines)
    )


def swept(trials: int, more: str = "cpu_request: 1") -> str:
    """A step with trials, and what judges them."""
    sweep = (
        f"{{grid: {{lr: {{min: 1, max: {trials}, step: 1}}}}, objective: {{metric: auc, goal: maximize}}}}"
    )
    step = f"step_name: a, path_to_executable: a.py, {more}, outputs: {{auc: float}}, sweep: {sweep}"
    code = "code: {image: true}, " if "image" in more else ""
    return f"{{name: w, {code}stages: {{train: [{{{step}}}]}}}}"


CASES: dict[str, tuple[str, int]] = {  # a config, and bytes of a file beside it that cannot be packed
    "ten": (steps(10), 0),
    "two hundred and seventy": (steps(270, stage=10), 0),
    "three hundred": (steps(300, stage=10), 0),
    "three hundred of a project": (of_project(steps(300, stage=10)), 0),
    "three hundred and sixty": (steps(360), 0),
    "realistic ones": (realistic(190), 0),
    "long names and many edges": (wide(3, 150), 0),
    "edges from step to step, of a long name": (needing(30, 30).replace("many", "m" * 58), 0),
    "the largest bundle": (deployed(0), 83_000),
    "a bundle and a service": (deployed(1), 65_000),
    "a bundle and five services": (deployed(5), 70_000),
    "long texts that many steps have": (sharing(80), 0),
    "a bundle and many steps": (of_project(steps(180)), 60_000),
    "ninety trials": (swept(90), 0),
    "two hundred trials": (swept(200), 0),
    "trials that are tried again": (swept(100, "backoff_limit: 2"), 0),
    "trials of an image": (
        swept(120, "image: i, entrypoint: [run]").replace("path_to_executable: a.py, ", ""),
        0,
    ),
}


def made(folder: Path, config: str, size: int) -> Pipeline:
    folder.mkdir()
    (folder / "a.py").write_text("")
    (folder / "data").write_bytes(Random(1).randbytes(size))
    return made_of(config, folder)


def test_the_estimate_is_close_to_what_argo_keeps(tmp_path: Path, report: Callable[[str], None]) -> None:
    pipelines = {name: made(tmp_path / name, *case) for name, case in CASES.items()}
    goldens = manifests("kubeflow.yaml")
    for path in goldens:
        documents: list[Any] = [*yaml.load_all(path.read_text(), yaml.CSafeLoader), {}]
        pipelines[path.parent.name] = Pipeline(*documents[:2])
    paths = [tmp_path / f"{name}.json" for name in pipelines]
    for path, pipeline in zip(paths, pipelines.values(), strict=True):
        parts = [json.dumps(part, ensure_ascii=False) for part in (pipeline.spec, pipeline.platform) if part]
        path.write_text("\n---\n".join(parts), encoding="utf-8")
    found = dict(
        zip(pipelines, zip(map(sizes, pipelines.values()), workflow_sizes(paths), strict=True), strict=True)
    )
    assert {name: each for name, each in found.items() if not is_close(*each)} == {}
    assert sum(end > MAX_WORKFLOW_BYTES for _, (_, end) in found.values()) >= 4
    names = [path.parent.name for path in goldens]
    assert [name for name in names if found[name][1][1] > MAX_WORKFLOW_BYTES] == ["three-hundred-steps"]
    assert "[AML605]" in (GOLDEN / "three-hundred-steps" / "kubeflow.notes.txt").read_text()
    report(f"the size of a run in Argo is known within -5 and +15 % for {len(found)} packages")


def sizes(pipeline: Pipeline) -> Sizes:
    return sizes_of(pipeline, parts_of(pipeline))


def is_close(ours: Sizes, theirs: tuple[int, int]) -> bool:
    """Whether no size is more than 5 % too small, nor more than 15 % and 5 KB too large."""
    return all(0.95 * real <= our <= 1.15 * real + 5_000 for our, real in zip(ours, theirs, strict=True))


def test_what_cannot_be_started_is_known_too(tmp_path: Path) -> None:
    """Then only the size before the start counts."""
    pipelines = [made(tmp_path / "one", of_project(steps(400)), 0), made(tmp_path / "two", wide(3, 320), 0)]
    paths = [tmp_path / f"{number}.json" for number, _ in enumerate(pipelines)]
    for path, pipeline in zip(paths, pipelines, strict=True):
        path.write_text("\n---\n".join(map(json.dumps, (pipeline.spec, pipeline.platform))))
    for ours, (start, _) in zip(map(sizes, pipelines), workflow_sizes(paths), strict=True):
        assert MAX_WORKFLOW_BYTES < 0.95 * start <= ours.start <= 1.15 * start
