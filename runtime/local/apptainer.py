"""Steps in images by Apptainer, or by Singularity, of which it comes: what clusters have instead of podman and docker.

It keeps no containers: what runs is a child of who started it, and ends with it. `--compat` has images find what docker
gives them, and nothing of the machine beside the folders that are named
(https://apptainer.org/docs/user/latest/docker_and_oci.html#docker-like-compat-flag). Variables go by those of this
process, so that no list of processes shows a secret, and by no shell that would read more into them (`--no-eval`, which
has a variable, too: older releases do not know the word). Both take the same since 3.9 and 1.0.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from automl.runtime.local.containers import Sight, engine, mount
from automl.runtime.local.machine import VISIBLE
from automl.runtime.local.plan import Task

PROGRAMS = ("apptainer", "singularity")
_LATER = 'for name in {names}; do eval "export {prefix}ENV_$name=\\"\\$$name\\""; done; exec "$@"'


def is_engine() -> bool:
    """Whether images are run by it here."""
    return Path(str(engine())).name in PROGRAMS


def command(task: Task, words: list[str], sight: Sight) -> list[str]:
    """What runs the words in the image of a task; the variables are there for it when this process becomes that."""
    prefix = Path(str(engine())).name.upper()
    known = {name: os.environ[name] for name in sight.named if name in os.environ}
    later = [
        name for name in sight.named if name not in known
    ]  # those of outputs: they are known when it starts
    gpus = [name for name in sight.gpus or () if name]
    visible = {VISIBLE: os.environ[VISIBLE]} if gpus and VISIBLE in os.environ else {}
    for name, text in {**visible, **sight.given, **known}.items():
        os.environ[f"{prefix}ENV_{name}"] = text
    os.environ[f"{prefix}_NO_EVAL"] = "1"
    action = (
        "exec" if task.has_entrypoint or task.project else "run"
    )  # the image's own entrypoint is behind `run`
    own = [
        str(engine()),
        action,
        "--compat",
        *_places(sight),
        *(["--nv"] if gpus else []),
        *_image(task),
        *words,
    ]
    if not later:
        return own
    return [str(shutil.which("sh")), "-c", _LATER.format(names=" ".join(later), prefix=prefix), "sh", *own]


def _places(sight: Sight) -> list[str]:
    """What it sees of this machine, and where it writes what it leaves to nobody: the image cannot be written to."""
    work = Path(sight.given["AUTOML_WORK"])
    own = work / ".container"
    own.mkdir(parents=True, exist_ok=True)
    options = ["--workdir", str(own), "--home", str(work)]
    return [*options, *(word for folder in sight.folders for word in ("--mount", mount(folder, "ro")))]


def _image(task: Task) -> list[str]:
    """A file, or anything that says what it is, as it is; else the name of an image in a registry."""
    image = str(task.image)
    return [image if "://" in image or Path(image).is_absolute() else f"docker://{image}"]
