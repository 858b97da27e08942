"""What Apptainer or Singularity is told; there is none here, so a program of its name writes that down, and does the same."""

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from automl.runtime import slurm_scripts
from automl.runtime.local.create import Program, create
from automl.runtime.local.plan import Plan, Secret, Task, Text
from automl.runtime.slurm.known import known_of

STAND_IN = """\
#!{python}
import json, os, sys
words, prefix = sys.argv, "{name}ENV_".upper()
own = {{name[len(prefix):]: text for name, text in os.environ.items() if name.startswith(prefix)}}
json.dump({{"words": words, "own": own, "all": dict(os.environ)}}, open({told!r}, "w"))
at = next(at for at, word in enumerate(words) if word.startswith(("docker:", "/image")))
os.environ.update(own)
os.execvp(words[at + 1], words[at + 1:])
"""
HOSTILE = 'it\'s "a" $(HOME) `id`, \\ é\n😀'


@pytest.fixture(params=["apptainer", "singularity"])
def name(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    program = tmp_path / "bin" / str(request.param)
    program.parent.mkdir()
    told = str(tmp_path / "told.json")
    program.write_text(STAND_IN.format(python=sys.executable, name=request.param, told=told))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return str(request.param)


def run(tmp_path: Path, task: Task, settings: dict[str, Any] | None = None) -> tuple[Path, dict[str, Any]]:
    """Run a task as its job does; the folder of the run, and what was told to the engine."""
    folder = create(Program(Plan("test", [task]).to_json(), slurm_scripts()), tmp_path / "runs")
    (folder / "slurm.json").write_text(json.dumps(settings or {}))
    words = [sys.executable, "-I", str(folder / "runtime" / "slurm" / "entry.py"), "job", task.name]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    log = folder / "tasks" / task.name / "log"
    assert done.returncode == 0, done.stderr + (log.read_text() if log.exists() else "")
    return folder, json.loads((tmp_path / "told.json").read_text())


def test_texts_and_secrets_reach_the_image_by_variables_alone(name: str, tmp_path: Path) -> None:
    secret = tmp_path / "config" / "automl" / "secrets" / "s"
    secret.mkdir(mode=0o700, parents=True)
    (secret / "key").touch(mode=0o600)
    (secret / "key").write_text("hidden-value")
    task = Task(
        "a",
        "s",
        "a",
        ["sh", "-c", 'printf "%s|%s" "$TEXT" "$KEY"', HOSTILE],
        image="image:1",
        has_entrypoint=True,
        variables={"TEXT": HOSTILE},
        secrets=[Secret("s", {"key": "KEY"})],
    )
    folder, told = run(tmp_path, task)
    assert (folder / "tasks" / "a" / "log").read_text() == f"{HOSTILE}|hidden-value"
    assert told["words"][1:3] == ["exec", "--compat"]
    assert told["words"][-5:] == ["docker://image:1", *task.command]
    assert not any("hidden-value" in word for word in told["words"])
    assert told["all"][f"{name.upper()}_NO_EVAL"] == "1"
    assert "--nv" not in told["words"]


def test_what_the_image_leaves_is_handed_on(name: str, tmp_path: Path) -> None:
    command: list[Text] = [
        "sh",
        "-c",
        'printf 7 > "$AUTOML_OUTPUT_ROWS"; printf data > "$AUTOML_OUTPUT_TABLE"',
    ]
    options = ["--output", "rows:int", "--output", "table:file"]
    outputs = {"rows": "int", "table": "file"}
    folder, told = run(tmp_path, Task("a", "s", "a", command, image="x", options=options, outputs=outputs))
    assert known_of(folder, "a").values == {"rows": "7"}
    assert (folder / "tasks" / "a" / "outputs" / "table").read_text() == "data"
    mounts = [value for word, value in pairwise(told["words"]) if word == "--mount"]
    place = folder / "tasks"
    assert mounts[:2] == [
        f"type=bind,source={place},destination={place},ro",
        f"type=bind,source={place}/a,destination={place}/a",
    ]
    assert told["words"][1] == "run"  # the image's own entrypoint is begun


def test_a_file_is_taken_as_it_is_and_gpus_are_those_of_the_job(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    monkeypatch.setenv("SLURM_JOB_GPUS", "4,6")
    (tmp_path / "bin" / "podman").symlink_to("/bin/false")
    of_task = {"container": name, "image": "/image/of/torch.sif"}
    task = Task("a", "s", "a", ["sh", "-c", 'echo "$CUDA_VISIBLE_DEVICES"'], image="torch:2")
    folder, told = run(tmp_path, task, {"tasks": {"a": of_task}})
    assert (folder / "tasks" / "a" / "log").read_text() == "0,1\n"
    assert "/image/of/torch.sif" in told["words"]
    assert "--nv" in told["words"]
