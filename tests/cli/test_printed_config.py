"""`--print-config`: the config as it is compiled, and behind each value where it comes from."""

from pathlib import Path

import pytest

from automl import targets
from automl.cli.inputs import read_all
from automl.cli.printed_config import printed
from automl.compiler.diagnostics import Severity
from automl.compiler.driver import Overrides, compile_config, merged_config
from automl.compiler.target import Options
from tests.cli.test_cli import automl
from tests.golden import GOLDEN, project_copy

CONFIG = """\
name: demo
contexts:
  prod:
    namespace: prod
    config:
      labels: {tier: gold}
      defaults: {memory_request: 2Gi}
      steps: {train: {cpu_request: "4", image: null, envs: {A: null, B: "2"}}}
params: {lr: 0.10, who: {type: text, default: a}, epochs: 3}
defaults: {image: "busybox:1.37", envs: {C: c}}
x-note: mine
stages:
  s:
    - step_name: train
      image: busybox:1.36
      entrypoint: [echo, "${{ params.lr }}", "a\\nb"]
      envs: {A: "1", D: "yes"}
"""
PRINTED = """\
name: other  # --name
params:
  lr: 0.10
  who:
    type: text  # --set
    default: "3"  # --set
  epochs:
    type: int  # values.yaml
    default: 5  # values.yaml
stages:
  s:
    - image: "busybox:1.37"  # defaults, line 10
      envs:
        C: c  # defaults, line 10
        D: "yes"
        B: "2"  # context prod, line 8
      memory_request: "2Gi"  # context prod, line 7
      step_name: train
      entrypoint:
        - echo
        - "${{ params.lr }}"
        - |-
            a
            b
      cpu_request: "4"  # context prod, line 8
labels:
  tier: gold  # context prod, line 6
namespace: prod  # context prod, line 4
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "values.yaml").write_text("epochs: 5\n", encoding="utf-8")
    return tmp_path


GIVEN = ["--set", "who=3", "--params-file", "values.yaml", "--name", "other"]


def test_every_value_says_where_it_comes_from(project: Path) -> None:
    done = automl("compile", "--context", "prod", "--print-config", *GIVEN, cwd=project)
    assert (done.code, done.err) == (0, "")
    assert done.out.decode() == PRINTED.replace('"busybox:1.37"', "busybox:1.37")


def test_keys_of_a_context_say_where_they_stand(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        "contexts:\n  prod:\n    queue: team\n    service_account: runner\n    image_registry: registry.corp\n"
        "stages:\n  s:\n    - {step_name: a, image: busybox, entrypoint: [a]}\n"
        "    - {step_name: b, image: busybox, entrypoint: [b], queue: mine}\n"
    )
    done = automl("compile", "--context", "prod", "--print-config", cwd=tmp_path)
    assert done.code == 0, done.err
    assert [line.strip(" -") for line in done.out.decode().splitlines() if "#" in line or "mine" in line] == [
        "queue: team  # context prod, line 3",
        "queue: mine",
        "service_account: runner  # context prod, line 4",
        "image_registry: registry.corp  # context prod, line 5",
    ]


def test_what_is_wrong_with_the_config_is_said_instead(project: Path) -> None:
    (project / "config.yaml").write_text(CONFIG.replace("2Gi", "2Gib"))
    done = automl("compile", "--context", "prod", "--print-config", cwd=project)
    assert (done.code, done.out) == (1, b"")
    assert "config.yaml:7:" in done.err
    done = automl("compile", "config.yaml", "values.yaml", "--print-config", cwd=project)
    assert (done.code, done.err) == (2, "automl: --print-config prints one config, and there are several\n")


NOT_ALONE = {"params"}  # it takes a value
NOT_THE_SAME = {"defaults"}  # a step that has an image of its own has its code in it
CASES = sorted({path.parent.name for path in GOLDEN.glob("*/argo.yaml*")} - NOT_ALONE - NOT_THE_SAME)


@pytest.mark.parametrize("case", CASES)
def test_what_is_printed_means_the_same(case: str, tmp_path: Path) -> None:
    project = project_copy(case, tmp_path)
    [given], _ = read_all([str(project)])
    merged = merged_config(given, Overrides())
    target = targets.load("argo")
    assert target
    options = Options(target.default_version, target.forms[0])
    before = compile_config(given, Overrides(), target, options)
    assert merged
    after = compile_config(given._replace(data=printed(merged).encode()), Overrides(), target, options)
    assert [
        diagnostic.message for diagnostic in after.diagnostics if diagnostic.severity is Severity.ERROR
    ] == []
    assert after.artifacts == before.artifacts != ()
