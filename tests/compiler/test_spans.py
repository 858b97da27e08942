"""Every key that a config has keeps its place, with the keys around it in its name."""

from pathlib import Path

from automl.compiler.driver import Input, Overrides, analyse
from automl.compiler.ir import Spans, Workflow

CONFIG = """\
$schema: "https://automl.dev/schemas/config.json"
x-notes: {of: mine}
schedule: {cron: "@daily", history: {failed: 1}}
defaults:
  envs: {A: "1", x-b: "2"}
  service: {readiness: {path: /health}, x-notes: mine}
stages:
  serve:
    - step_name: api
      image: api:1
      service: {port: 80}
      secrets: [store, {name: database, keys: {password: DB}}]
"""


def _workflow() -> Workflow:
    workflow, diagnostics = analyse(Input("config.yaml", CONFIG.encode(), Path()), Overrides())
    assert workflow, diagnostics
    return workflow


def _places(spans: Spans) -> dict[str, tuple[int, str]]:
    """The line of each key, and what stands there."""
    return {
        key: (span.line, span.source.line(span.line)[span.column - 1 : span.end_column - 1])
        for key, span in spans.items()
    }


def test_the_keys_around_the_steps() -> None:
    assert _places(_workflow().spans) == {
        "schedule": (3, "schedule"),
        "schedule.cron": (3, "cron"),
        "schedule.history": (3, "history"),
        "schedule.history.failed": (3, "failed"),
        "defaults": (4, "defaults"),
        "stages": (7, "stages"),
    }


def test_the_keys_of_a_step_and_those_of_its_defaults() -> None:
    [task] = _workflow().tasks
    assert _places(task.spans) == {
        "envs": (5, "envs"),
        "envs.A": (5, "A"),
        "envs.x-b": (5, "x-b"),
        "service": (11, "service"),
        "service.readiness": (6, "readiness"),
        "service.readiness.path": (6, "path"),
        "service.port": (11, "port"),
        "step_name": (9, "step_name"),
        "image": (10, "image"),
        "secrets": (12, "secrets"),
        "secrets[0].name": (12, "store"),  # written short, so it stands where its value does
        "secrets[1].name": (12, "name"),
        "secrets[1].keys": (12, "keys"),
        "secrets[1].keys.password": (12, "password"),
    }
