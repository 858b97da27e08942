"""What `targets.slurm` says that the plan does not: `slurm.json`, without which all is as by default.

{"install": "login" or "job", "tasks": {TASK: {"container": PROGRAM, "image": PATH}}}
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from automl.runtime.local import containers
from automl.runtime.local.machine import VISIBLE
from automl.runtime.local.plan import Task

ENGINES = ("apptainer", "singularity", "podman", "docker")
"""What may run images on a cluster: the first that is there does."""


class Settings(NamedTuple):
    """What is said of a task."""

    install: str = "login"
    container: str | None = None
    image: str | None = None

    def applied(self, task: Task) -> Task:
        """The task as it runs here; from now on images are run by what was chosen for it."""
        containers.choose((self.container,) if self.container else ENGINES)
        return replace(task, image=self.image) if self.image and task.image is not None else task


def settings_of(folder: Path, task: Task) -> Settings:
    """What is said of a task of the run in a folder; what is said of a step holds for the runs of its trials."""
    path = folder / "slurm.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    known = content.get("tasks", {}).get(task.of or task.name, {})
    return Settings(content.get("install", "login"), known.get("container"), known.get("image"))


def visible_gpus(task: Task) -> dict[str, str]:
    """The GPUs that Slurm has given to the job, for its tries: a process finds them as they are, a container by their numbers here."""
    of_job = os.environ.get(VISIBLE)
    if of_job is None:
        return {}
    return {VISIBLE: os.environ.get("SLURM_JOB_GPUS", of_job) if task.image is not None else of_job}
