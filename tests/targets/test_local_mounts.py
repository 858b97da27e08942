"""What steps mount on a machine: images what they ask for, processes what their path leads to."""

import json
from pathlib import Path
from typing import Any

import pytest

from automl.compiler.diagnostics import Code, Severity
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.target import Options
from automl.targets import load

IMAGE = "image: busybox:1.37, entrypoint: [cat]"
PROCESS = "path_to_executable: train.py"


def compiled(folder: Path, step: str, *lines: str) -> tuple[dict[str, Any] | None, list[tuple[int, str]]]:
    """The task of the plan, and the errors with their lines, of a config with one step in its last line."""
    (folder / "train.py").touch()
    text = "\n".join(
        ["name: churn", *lines, "stages:", "  train:", f"    - {{step_name: train, {step}}}", ""]
    )
    target = load("local")
    assert target
    given = Input("automl.yaml", text.encode(), folder)
    result = compile_config(given, Overrides(), target, Options("3.9", "plan"))
    errors = [each for each in result.diagnostics if each.severity is Severity.ERROR]
    assert {each.code for each in errors} <= {Code.CANNOT_SAY}
    plan = json.loads(result.artifacts[0].text) if result.artifacts else None
    return plan and plan["tasks"][0], [(each.span.line, each.message) for each in errors]


def mounts(task: dict[str, Any] | None) -> list[dict[str, Any]]:
    """What a task mounts, without what says nothing."""
    assert task
    return [{key: value for key, value in mount.items() if value} for mount in task.get("mounts", [])]


def test_an_image_sees_every_kind_at_its_path(tmp_path: Path) -> None:
    volumes = "volumes: {a: {claim: team}, b: {size: 1Gi}, c: {empty_dir: true}, d: {secret: tls}}"
    step = f'{IMAGE}, volumes: ["a:/a:ro", "b:/b", "c:/c", "d:/d"]'
    task, errors = compiled(tmp_path, step, "workspace: {size: 1Gi, path: /w}", volumes)
    assert errors == []
    assert mounts(task) == [
        {"path": "/w", "is_shared": True},
        {"path": "/a", "is_read_only": True, "disk": "team"},
        {"path": "/b", "disk": "churn--b", "is_made": True},
        {"path": "/c"},
        {"path": "/d", "is_read_only": True, "secret": "tls"},
    ]


def test_a_workspace_of_claim_is_a_disk_for_all(tmp_path: Path) -> None:
    for step in (IMAGE, PROCESS):
        task, errors = compiled(tmp_path, step, "workspace: {claim: team, path: /w}")
        assert (mounts(task), errors) == ([{"path": "/w", "disk": "team"}], [])
    task, _ = compiled(tmp_path, f"{IMAGE}, service: {{port: 80}}", "workspace: {claim: team, path: /w}")
    assert mounts(task) == [{"path": "/w", "is_read_only": True, "disk": "team"}]


@pytest.mark.parametrize("key", ["empty_dir: true", "secret: tls"])
def test_what_no_process_can_have_is_refused_where_it_is_said(key: str, tmp_path: Path) -> None:
    line = f"volumes: {{v: {{{key}}}}}"
    task, errors = compiled(tmp_path, f'{PROCESS}, volumes: ["v:/v"]', line)
    word = key.partition(":")[0]
    what = "is for steps in images here: a process finds at a path what the machine has there"
    assert (task, errors) == (None, [(2, f'"{word}" {what}')])


def test_the_workspace_of_a_run_is_nothing_for_a_process(tmp_path: Path) -> None:
    """It may be asked for only that files travel; who says its path wants it there."""
    task, errors = compiled(tmp_path, PROCESS, "workspace: {size: 1Gi}")
    assert (mounts(task), errors) == ([], [])
    _, errors = compiled(tmp_path, PROCESS, "workspace: {size: 1Gi, path: /w}")
    assert [(line, message[:6]) for line, message in errors] == [(2, '"path"')]
    for words in ("args: [/automl/workspace/a]", 'envs: {W: "file:///automl/workspace"}'):
        _, errors = compiled(tmp_path, f"{PROCESS}, {words}", "workspace: {size: 1Gi}")
        assert [(line, message[:20]) for line, message in errors] == [(5, '"/automl/workspace" ')]
    task, errors = compiled(tmp_path, f"{IMAGE}, args: [/automl/workspace/a]", "workspace: {size: 1Gi}")
    assert (mounts(task), errors) == ([{"path": "/automl/workspace", "is_shared": True}], [])


def test_a_file_that_travels_is_no_workspace(tmp_path: Path) -> None:
    task, errors = compiled(tmp_path, f"{IMAGE}, outputs: {{model: model}}")
    assert (mounts(task), errors) == ([], [])
