"""Steps in images: containers of podman or docker, which see the folder of their run, and the network of the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from automl.runtime.local.plan import Task
from automl.runtime.local.processes import RUN

ENGINES = ("podman", "docker")
LABEL = "automl.dev/run"


@lru_cache(maxsize=1)
def engine() -> str | None:
    """The program that runs containers here; None if there is none."""
    return next(filter(None, map(shutil.which, ENGINES)), None)


def name_of(run: str, task: str) -> str:
    """What the container of a task is called."""
    return f"automl-{run}-{task}"


def command(
    task: Task, words: list[str], given: Mapping[str, str], named: Iterable[str], folders: Mapping[Path, str]
) -> list[str]:
    """What runs the words in the image of a task. `folders` are those that it sees, each with `ro` or `rw`.

    The variables that are named are those of this process, so that no list of processes shows a secret.
    """
    name, label = name_of(given[RUN], task.name), f"{LABEL}={given[RUN]}"
    options = ["--rm", "--network", "host", "--name", name, "--label", label, *_user()]
    options += ["--stop-timeout", "0"]  # who is asked to end by the run has had its time when it is removed
    options += ["--pull", task.pull] if task.pull else []
    for folder, mode in folders.items():
        options += ["--volume", f"{folder}:{folder}:{mode}"]
    for variable in (*(f"{name}={value}" for name, value in given.items()), *named):
        options += ["--env", variable]
    if task.has_entrypoint:
        options += ["--entrypoint", words[0]]
        words = words[1:]
    return [str(engine()), "run", *options, str(task.image), *words]


def end(run: str, task: str | None = None) -> None:
    """Remove the container of a task, or all of a run."""
    if program := engine():
        names = [name_of(run, task)] if task else _listed(program, run)
        if names:
            _quietly([program, "rm", "--force", *names])


def _listed(program: str, run: str) -> list[str]:
    return _quietly([program, "ps", "--all", "--quiet", "--filter", f"label={LABEL}={run}"]).split()


def _user() -> Iterable[str]:
    """What the container leaves belongs to who runs it."""
    if os.getuid() and Path(str(engine())).name == "podman":
        return ("--userns", "keep-id")
    return ("--user", f"{os.getuid()}:{os.getgid()}")


def _quietly(words: list[str]) -> str:
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        return done.stdout
    return ""
