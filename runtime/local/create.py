"""Makes the folder of a run: what it runs, and with what; whole, or not at all."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from automl.runtime.local.plan import Plan

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without what looks alike
RUNS = Path(".automl", "runs")


@dataclass(frozen=True)
class Program:
    """What a run is made of: the plan, the modules of ours by their names, and the project in a tar, if a task has one."""

    plan: str
    modules: Mapping[str, str]
    project: bytes | None = None
    config: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)  # more for run.json


def create(program: Program, runs: Path) -> Path:
    """The folder of a new run among others."""
    plan = Plan.from_json(program.plan)
    _make(runs)
    folder = runs / _new_name(plan.workflow, runs)
    new = runs / f".{folder.name}"
    new.mkdir()
    try:
        _fill(new, program, plan)
        new.rename(folder)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return folder


def _make(runs: Path) -> None:
    """The folder of all runs, which git leaves alone."""
    runs.mkdir(parents=True, exist_ok=True)
    ignored = runs / ".gitignore"
    if not ignored.exists():
        ignored.write_text("*\n", encoding="utf-8")


def name_for(workflow: str) -> str:
    """A name for a run, which hardly any other has."""
    return f"{workflow}-{''.join(secrets.choice(ALPHABET) for _ in range(5))}"


def _new_name(workflow: str, runs: Path) -> str:
    while True:
        name = name_for(workflow)
        if not (runs / name).exists() and not (runs / f".{name}").exists():
            return name


def _fill(folder: Path, program: Program, plan: Plan) -> None:
    for name, text in program.modules.items():
        path = folder / "runtime" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "plan.json").write_text(program.plan, encoding="utf-8")
    if program.project is not None:
        (folder / "code.tar").write_bytes(program.project)
        (folder / "runtime" / "code.tar.bz2").symlink_to("../code.tar")  # where a container looks for it
    if program.config is not None:
        (folder / "config.yaml").write_text(program.config, encoding="utf-8")
    about = {
        "workflow": plan.workflow,
        "created": round(time.time(), 3),
        "user": _user(),
        "params": plan.params,
    }
    text = json.dumps({**about, **program.details}, indent=1, ensure_ascii=False)
    (folder / "run.json").write_text(f"{text}\n", encoding="utf-8")


def _user() -> str:
    return os.environ.get("USER") or os.environ.get("LOGNAME") or str(os.getuid())
