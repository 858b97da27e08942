"""Steps in images: containers of podman or docker, which see the folder of their run, and the network of the machine."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from automl.runtime.local.plan import Task
from automl.runtime.local.processes import RUN

KEEP_CONTAINERS = ("podman", "docker")
ENGINES = [*KEEP_CONTAINERS]
"""What may run containers: the first that is there does."""
LABEL = "automl.dev/run"
OF_ENGINE = re.compile(  # variables by which podman and docker find their files, programs and servers
    r"PATH|HOME|TMPDIR|(LD|DYLD|XDG|CONTAINERS?|PODMAN|STORAGE)_.*|REGISTRY_AUTH_FILE"
    r"|DOCKER_(HOST|CONFIG|CONTEXT|CERT_PATH|TLS\w*|API_VERSION|DEFAULT_PLATFORM)"
)


class Folder(NamedTuple):
    """A folder of this machine, and where a container finds it."""

    source: Path
    path: str
    is_read_only: bool


class Sight(NamedTuple):
    """What a container sees of this machine.

    Variables are given with their values, or named: then they are those of this process, so that no list of processes
    shows a secret. Of the GPUs it is None if nobody has handed any out.
    """

    given: Mapping[str, str]
    named: Sequence[str]
    folders: Sequence[Folder]
    gpus: Sequence[str] | None = None


def choose(names: Sequence[str]) -> None:
    """Have the first of these that is there run containers, instead of podman or docker."""
    ENGINES[:] = names
    engine.cache_clear()


@lru_cache(maxsize=1)
def engine() -> str | None:
    """The program that runs containers here; None if there is none."""
    return next(filter(None, map(shutil.which, ENGINES)), None)


def name_of(run: str, task: str) -> str:
    """What the container of a task is called; that of a run of a trial has a slash in its name, which containers have not."""
    return f"automl-{run}-{task.replace('/', '.')}"


def command(task: Task, words: list[str], sight: Sight) -> list[str]:
    """What runs the words in the image of a task."""
    run = sight.given[RUN]
    name, label = name_of(run, task.name), f"{LABEL}={run}"
    options = ["--rm", "--network", "host", "--name", name, "--label", label, *_user()]
    options += ["--stop-timeout", "0"]  # who is asked to end by the run has had its time when it is removed
    options += ["--security-opt", "label=disable"]  # SELinux would keep it from the folders
    options += ["--pull", task.pull] if task.pull else []
    options += [word for folder in sight.folders for word in ("--mount", mount(folder))]
    options += [*_amounts(task), *_gpus(sight.gpus)]
    for variable in (*(f"{name}={value}" for name, value in sight.given.items()), *sight.named):
        options += ["--env", variable]
    if task.has_entrypoint:
        options += ["--entrypoint", words[0]]
        words = words[1:]
    return [str(engine()), "run", *options, str(task.image), *words]


def mount(folder: Folder, read_only: str = "readonly") -> str:
    """How a folder is named to the engine: by a line of CSV, so that a path may have any sign in it."""
    fields = ["type=bind", f"source={folder.source}", f"destination={folder.path}"]
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([*fields, *[read_only] * folder.is_read_only])
    return line.getvalue()


def _amounts(task: Task) -> Iterator[str]:
    """The options for what a task has of the machine: its shared memory, and what it may take at most."""
    if task.shm:
        yield f"--shm-size={task.shm}"
    if task.most_cpu:
        yield f"--cpus={task.most_cpu / 1000:g}"
    if task.most_memory:
        yield f"--memory={task.most_memory}"


def _gpus(gpus: Sequence[str] | None) -> list[str]:
    """The options for these GPUs; a container numbers those that it sees anew.

    Podman knows them as devices of CDI since 4.1 (https://github.com/docker/cli/issues/3864), docker by an option
    whose value is a line of CSV, so the list in it has to be quoted (https://github.com/NVIDIA/nvidia-docker/issues/1257).
    Where docker gives every container of an image for GPUs all of them, `void` keeps them back
    (https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html).
    """
    if not gpus:
        return [] if gpus is None else ["--env", "NVIDIA_VISIBLE_DEVICES=void"]
    if _is_podman():
        return [word for gpu in gpus for word in ("--device", f"nvidia.com/gpu={gpu}")]
    return ["--gpus", f'"device={",".join(gpus)}"']


def end(run: str, task: str | None = None) -> None:
    """Remove the container of a task, or all of a run, where the engine keeps them."""
    if (program := engine()) and Path(program).name in KEEP_CONTAINERS:
        names = [name_of(run, task)] if task else _listed(program, run)
        if names:
            _quietly([program, "rm", "--force", *names])


def _listed(program: str, run: str) -> list[str]:
    return _quietly([program, "ps", "--all", "--quiet", "--filter", f"label={LABEL}={run}"]).split()


def _user() -> Iterable[str]:
    """What the container leaves belongs to who runs it."""
    if os.getuid() and _is_podman():
        return ("--userns", "keep-id")
    return ("--user", f"{os.getuid()}:{os.getgid()}")


def _is_podman() -> bool:
    return Path(str(engine())).name == "podman"


def _quietly(words: list[str]) -> str:
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        return done.stdout
    return ""
