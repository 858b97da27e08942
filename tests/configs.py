"""Configs for the tests: one that has every key, and what random changes make of it."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from automl.compiler.tree.decoding import decode
from automl.compiler.tree.nodes import to_plain
from automl.compiler.tree.reader import read

FULL = """\
# every key of the language, anchors and a merge key
version: 1.0.0
name: full
namespace: team
description: "All of it"
labels: {team: ml, cost-centre: 42}
annotations: {example.com/note: 'it''s'}
schedule:
  cron: 0 6 * * mon-fri
  timezone: Europe/Berlin
  concurrency: forbid
  suspend: false
  starting_deadline: 5m
  history: {success: 3, failed: 1}
params:
  lr: {type: float, default: 0.1, min: 0, max: 1, description: how fast}
  model-name: forest
workspace: {size: 20Gi, storage_class: fast, access: ReadWriteMany, path: /automl/disk}
volumes:
  cache: {size: 2Gi, access: ReadWriteOnce}
  scratch: {empty_dir: true}
code: {bundle: {include: ["*.py", "*.txt"], exclude: [data/]}}
limits: {max_parallel: 8, max_tasks: 300}
x-limits: &limits
  cpu_request: 0.5
  memory_request: 500
defaults:
  <<: *limits
  dependency_path: requirements.txt
  backoff_limit: 2
  timeout: 10m
  envs: {STORE: s3://bucket/a, DEBUG: true}
  labels: {tier: batch}
stages:
  prepare:
    - step_name: load
      path_to_executable: load.py
      args: [--days, 30]
      secrets: [store, {name: database, keys: {password: DB_PASSWORD}}]
      outputs: {rows: int, table: {type: file, path: out/table.csv}}
      params_file: {path: conf/params.json}
  train:
    - &model
      step_name: forest
      path_to_executable: train.py
      args: ["--model=forest"]
      inputs: {table: "${{ steps.load.outputs.table }}", lr: "${{ params.lr }}"}
      volumes: ["cache:/cache", "scratch:/scratch"]
      node_selector: {disk: ssd}
      tolerations: [{key: spot, operator: Equal, value: 'yes', effect: NoExecute, toleration_seconds: 60}]
      polling_time: 5
      wait_before_start_time: 10
    - {<<: *model, step_name: "linear", memory_request: 2Gi, annotations: {example.com/owner: ann}}
    - step_name: search
      path_to_executable: train.py
      args: ["--depth=${{ sweep.depth }}", "--fold=${{ fold.index }}"]
      outputs: {auc: float}
      sweep:
        grid: {depth: {min: 2, max: 6, step: 2}, kind: [gini, 1]}
        zip: {seed: [1, 2], tag: [a, b]}
        random: {samples: 2, seed: 3, space: {eta: {min: 0.01, max: 1, scale: log}, units: {min: 1, max: 9, count: {min: 1, max: 2}}}}
        include: [{depth: 9, kind: gini, seed: 1, tag: a, eta: 0.5, units: [3]}]
        exclude: [{depth: 6, kind: gini}]
        max_parallel: 2
        max_failed: 1
        objective: {metric: auc, goal: maximize}
      cross_validation: {folds: 2}
    - step_name: external
      image: ghcr.io/acme/train:1.4.2
      entrypoint: [train]
      command: |-
        ignored
      dependency_path: null
  serve:
    needs: [train/*]
    steps:
    - step_name: api
      path_to_executable: serve.py
      backoff_limit: null
      replicas: 3
      min_ready_seconds: 1
      revision_history_limit: 0
      image_pull_secrets: [registry]
      service:
        port: 8080
        max_startup_time_seconds: 60
        readiness: {path: /health}
        ingress: {host: api.example.com, path: /v1, class: nginx, tls_secret: tls}
""".replace("command: |-\n        ignored", "command: [--fast]")
FILES = ("load.py", "train.py", "serve.py", "requirements.txt")


def write_files(folder: Path) -> Path:
    """The files that the config names."""
    for name in FILES:
        (folder / name).touch()
    return folder


def plain() -> dict[str, Any]:
    """The config as Python's own types."""
    source, found = decode("config.yaml", FULL.encode())
    root, more = read(source)
    assert root is not None
    assert found == more == []
    value = to_plain(root)
    assert isinstance(value, dict)
    return copy.deepcopy(value)


texts = st.sampled_from(
    [
        "",
        "a",
        "A b",
        "1",
        "no",
        "0123",
        "{{x}}",
        "$(A)",
        "é😀",
        "a/b.py",
        "../a.py",
        "5m",
        "1Gi",
        "x" * 300,
        "\x1b[2J",
    ]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
scalars = (
    st.none() | st.booleans() | st.integers(-5, 10**6) | st.sampled_from([0.5, 1.0, -1.5, 2.0**53]) | texts
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The way to every node of a value."""
    found = [path] if path else []
    if isinstance(value, Mapping):
        for key, item in value.items():
            found += places(item, (*path, key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, item in enumerate(value):
            found += places(item, (*path, number))
    return found


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    """The node at the end of a way."""
    for part in path:
        value = value[part]
    return value


@st.composite
def changed(draw: st.DrawFn) -> dict[str, Any]:
    """The full config, after a few of its nodes were deleted, replaced, renamed or put elsewhere."""
    config = plain()
    for _ in range(draw(st.integers(1, 4))):
        there = places(config)
        if not there:
            break
        place = draw(st.sampled_from(there))
        parent, last = at(config, place[:-1]), place[-1]
        match draw(st.sampled_from(["delete", "replace", "rename", "move"])):
            case "delete":
                del parent[last]
            case "replace":
                parent[last] = draw(values)
            case "rename" if isinstance(last, str):
                parent[draw(texts | st.sampled_from([str(part) for path in there for part in path]))] = (
                    parent.pop(last)
                )
            case _:
                parent[last] = copy.deepcopy(at(config, draw(st.sampled_from(there))))
    return config


@st.composite
def changed_texts(draw: st.DrawFn) -> str:
    """The text of the full config, after some of its lines and characters were changed, added or lost."""
    lines = FULL.splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 6))):
        number = draw(st.integers(0, len(lines) - 1))
        line = lines[number]
        column = draw(st.integers(0, len(line)))
        piece = draw(st.text("\t\r\n :-#,[]{}&*!|>'\"%@`<~?=.0a1é\u2028\u0085\ufeff\x00\u202e", max_size=4))
        match draw(st.sampled_from(["insert", "cut", "drop", "again", "deeper"])):
            case "insert":
                lines[number] = line[:column] + piece + line[column:]
            case "cut":
                lines[number] = line[:column]
            case "drop":
                lines[number] = ""
            case "again":
                lines.insert(draw(st.integers(0, len(lines))), line)
            case _:
                lines[number] = "  " + line
    return "".join(lines)
