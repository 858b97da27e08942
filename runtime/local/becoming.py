"""What the process of a try becomes: the command of its task on this machine or in an image, or what looks after its outputs.

All that this needs is imported before there is a process of a try: it is there for all of them then.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from automl.runtime import start
from automl.runtime.child import become
from automl.runtime.folders import project, work
from automl.runtime.local import apptainer, checkout, containers, credentials, disks
from automl.runtime.local.containers import Folder, Sight
from automl.runtime.local.environments import link
from automl.runtime.local.machine import VISIBLE
from automl.runtime.local.place import FILES, Place, Setting
from automl.runtime.local.plan import Task, all_filled, filled
from automl.runtime.local.processes import RUN, TASK
from automl.runtime.results import run_for
from automl.runtime.values import variable_of

MARKS = ("AUTOML_WORK", RUN, TASK)
BESIDE_PYTHON = str(Path(sys.executable).parent)
NO_OPTIONS, _ = start.parse(["--", ""])


def become_task(task: Task, place: Place, setting: Setting, values: Mapping[str, str]) -> NoReturn:
    """Become what a task is, with these values of its variables."""
    given = variables_of(task, place, setting, values)
    secrets = secrets_of(task, given)
    for name in [name for name in os.environ if name.startswith("AUTOML_")]:
        del os.environ[name]
    if not task.image:
        os.environ["PATH"] = path(os.environ)
    os.environ.update({name: given[name] for name in MARKS} if task.image else given)
    os.environ.update(secrets)
    command = all_filled(task.command, values)
    if task.image:
        _in_image(task, place, Sight(given, [*secrets], _folders(task, place), _gpus(setting)), command)
    _in_project(task, place, command)


def _in_project(task: Task, place: Place, command: list[str]) -> NoReturn:
    """Run the command by the start script of the pods, which finds the project, and an environment that is kept."""
    checkout.copy_to(project(), place.run)
    os.chdir(project())
    if task.dependencies or task.packages:
        link(work() / "venv", task.dependencies, task.packages)
    words = [*_installed(task), *_options(task, place)]
    start.go(start.parse([*words, "--", *command])[0] if words else NO_OPTIONS, command)


def _in_image(task: Task, place: Place, sight: Sight, command: list[str]) -> None:
    """Run the command in a container; what it leaves is looked after here, unless the script of the project does."""
    options = _options(task, place)
    run_by = apptainer.command if apptainer.is_engine() else containers.command
    if task.project:
        if not (place.run / checkout.CODE).exists():
            checkout.copy_to(place.work / "project", place.run)
        script = str(place.run / "runtime" / "start.py")
        become(run_by(task, ["python3", script, *_installed(task), *options, "--", *command], sight))
    outputs = [variable_of("OUTPUT", name) for name in task.outputs]
    words = run_by(task, command, sight._replace(named=[*sight.named, *outputs]))
    parsed, _ = start.parse([*options, "--", *words])
    raise SystemExit(run_for(parsed, words))


def _folders(task: Task, place: Place) -> list[Folder]:
    """What a container has to see: what other tasks leave, its own folder, what starts it, and what it mounts."""
    of_project = [place.run / "runtime", place.run / checkout.CODE] if task.project else []
    read = [place.run / "tasks", *(path for path in of_project if path.exists())]
    return [
        *(Folder(path, str(path), is_read_only=True) for path in read),
        Folder(place.folder, str(place.folder), is_read_only=False),
        *disks.folders(task, place),
    ]


def _gpus(setting: Setting) -> list[str] | None:
    """The GPUs that the run has, if that was said."""
    if VISIBLE not in setting.variables:
        return None
    return [name for name in setting.variables[VISIBLE].split(",") if name]


def variables_of(task: Task, place: Place, setting: Setting, values: Mapping[str, str]) -> dict[str, str]:
    """The variables of a task that are its own."""
    home = {"HOME": str(place.work)} if task.image and not task.project else {}
    of_all = {} if task.image else setting.variables  # the GPUs of a container have other numbers
    own = {name: filled(text, values) for name, text in task.variables.items()}
    marks = {"AUTOML_WORK": str(place.work), RUN: setting.run, TASK: task.name}
    return {**home, **of_all, **values, **own, **marks}


def secrets_of(task: Task, own: Mapping[str, str]) -> dict[str, str]:
    """The variables with secrets of a task. Those of whole secrets yield to its own, as on a cluster."""
    whole = {name: text for name, text in credentials.whole(task).items() if name not in own}
    return {**whole, **credentials.chosen(task)}


def path(variables: Mapping[str, str]) -> str:
    """Where programs are looked for: first beside the Python that runs this."""
    return os.pathsep.join([BESIDE_PYTHON, variables.get("PATH", os.defpath)])


def _installed(task: Task) -> list[str]:
    options = ["--dependencies", task.dependencies] if task.dependencies else []
    return options + [word for package in task.packages for word in ("--package", package)]


def _options(task: Task, place: Place) -> list[str]:
    options = list(task.options)
    for name, type in task.outputs.items():
        options += ["--to", f"{name}={place.outputs / name}"] if type in FILES else []
    return [*options, "--message", str(place.message)] if task.outputs else options
