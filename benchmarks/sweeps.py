"""Sweeps of many trials, against the least that hera and kfp print for as many."""

import json
from collections.abc import Callable, Iterator
from math import prod
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from benchmarks.turns import AUTOML, PYTHON, in_turns, outputs, show

HERE = Path(__file__).parent
HERA = [PYTHON, str(HERE / "hera_trials.py")]
KFP = [PYTHON, "-W", "ignore", str(HERE / "kfp_trials.py")]
Axes: TypeAlias = tuple[int, int]
Commands: TypeAlias = dict[str, list[str]]
MANY, FEW = (100, 50), (10, 20)
"""How many values each of the two axes has: of the most trials that Argo takes, and of those that Kubeflow takes."""
SWEEP = """\
version: 1.0.0
name: bench
limits: {{max_tasks: 5000}}
stages:
  search:
    - step_name: train
      path_to_executable: step.py
      args: [--lr, "${{{{ sweep.lr }}}}", --k, "${{{{ sweep.k }}}}"]
      sweep:
        grid:
          lr: {{min: 1, max: {}, step: 1}}
          k: {{min: 1, max: {}, step: 1}}
"""


def trials_against_hera(folder: Path) -> None:
    def commands(axes: Axes) -> Commands:
        hera = [*HERA, *map(str, axes)]
        return {
            "automl compile": _compile(folder, axes, "argo"),
            "hera, a task with withItems": [*hera, "loop"],
            "the same, CSafeDumper": [*hera, "loop", "c"],
            "hera, a task for each trial": [*hera, "tasks"],
            "these, CSafeDumper": [*hera, "tasks", "c"],
        }

    sizes = _sizes_of(commands, MANY, folder)
    show("5,000 trials for Argo", in_turns(commands(MANY), folder / "out"))
    print("\n".join(sizes))


def trials_against_kfp(folder: Path) -> None:
    def kfp(axes: Axes) -> Commands:
        return {f"kfp, ParallelFor of {prod(axes):,}": [*KFP, *map(str, axes)]}

    def commands(axes: Axes) -> Commands:
        return {"automl compile": _compile(folder, axes, "kubeflow")} | kfp(axes)

    title = "200 trials for Kubeflow, where a run of 300 of these is too large"
    sizes = _sizes_of(commands, FEW, folder)
    show(title, in_turns(commands(FEW) | kfp(MANY), folder / "out"))
    print("\n".join(sizes))


def _compile(folder: Path, axes: Axes, target: str) -> list[str]:
    """The command that compiles a sweep of so many values an axis, in a project of its own."""
    config = folder / f"sweep-{axes[0]}-{axes[1]}" / "config.yaml"
    if not config.exists():
        config.parent.mkdir()
        config.write_text(SWEEP.format(*axes), encoding="utf-8")
        config.with_name("step.py").write_text("print('hello')\n", encoding="utf-8")
    return [*AUTOML, "compile", str(config), "-t", target]


def _sizes_of(commands: Callable[[Axes], Commands], axes: Axes, folder: Path) -> list[str]:
    """What the second half of the trials adds, in YAML and in the JSON that an engine keeps, for each of them."""
    half = (axes[0] // 2, axes[1])
    texts, fewer = (_same_trials(commands(size), folder, size) for size in (axes, half))
    lines = []
    for (name, text), less in zip(texts.items(), fewer.values(), strict=True):
        sizes = zip(_sizes(text), _sizes(less), strict=True)
        yaml, json = ((more - one) / (prod(axes) - prod(half)) for more, one in sizes)
        lines.append(f"  each trial of {name} adds {yaml:.0f} bytes of YAML, {json:.0f} of JSON")
    return lines


def _sizes(text: str) -> tuple[int, int]:
    stored = json.dumps(_documents(text), ensure_ascii=False, separators=(",", ":"))
    return len(text.encode()), len(stored.encode())


def _same_trials(commands: Commands, folder: Path, axes: Axes) -> dict[str, str]:
    """What each command prints, in which the same trials are."""
    expected = [(str(lr), str(k)) for lr in range(1, axes[0] + 1) for k in range(1, axes[1] + 1)]
    texts = dict(zip(commands, outputs(commands, folder / "out"), strict=True))
    for name, text in texts.items():
        if [(item["lr"], item["k"]) for item in _items_in(_documents(text))] != expected:
            raise SystemExit(f"{name} does not print the trials that it was asked for")
    return texts


def _documents(text: str) -> list[object]:
    return list(yaml.load_all(text, Loader=yaml.CSafeLoader))


def _items_in(node: Any) -> Iterator[dict[str, str]]:
    """The values of all trials, in a loop or a task each."""
    if isinstance(node, list):
        for item in node:
            yield from _items_in(item)
    elif isinstance(node, dict):
        yield from node.get("withItems", ())
        if "parameterIterator" in node:
            yield from json.loads(node["parameterIterator"]["items"]["raw"])
        elif str(node.get("name", "")).startswith("train-") and "arguments" in node:
            yield {one["name"]: one["value"] for one in node["arguments"]["parameters"]}
        for item in node.values():
            yield from _items_in(item)
