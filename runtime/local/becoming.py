"""What the process of a try becomes: the command of its task on this machine or in an image, or what looks after its outputs.

What is beside `start.py` finds the folders of a task when it is imported: only the process of a try imports it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from automl.runtime.child import become
from automl.runtime.local import checkout, containers, credentials
from automl.runtime.local.containers import Folder, Sight
from automl.runtime.local.environments import link
from automl.runtime.local.machine import VISIBLE
from automl.runtime.local.place import FILES, Place, Setting
from automl.runtime.local.plan import Task, all_filled, filled
from automl.runtime.local.processes import RUN, TASK

MARKS = ("AUTOML_WORK", RUN, TASK)
CODE = "code.tar"
IMPORTED_BY_ALL = (
    "argparse",
    "bz2",
    "gettext",
    "importlib.metadata",
    "pwd",
    "subprocess",
    "tarfile",
    "venv",
    "zipfile",
)

for _name in IMPORTED_BY_ALL:  # once, and not in every try
    import_module(_name)


def become_task(task: Task, place: Place, setting: Setting, values: Mapping[str, str]) -> NoReturn:
    """Become what a task is, with these values of its variables."""
    given = variables_of(task, place, setting, values)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AUTOML_")}
    os.environ.clear()
    os.environ.update(kept if task.image else kept | {"PATH": path(kept)})
    secrets = secrets_of(task, given)
    os.environ.update({name: given[name] for name in MARKS} if task.image else given)
    os.environ.update(secrets)
    command = all_filled(task.command, values)
    if task.image:
        _in_image(task, place, Sight(given, [*secrets], _folders(task, place), _gpus(setting)), command)
    _in_project(task, place, command)


def _in_project(task: Task, place: Place, command: list[str]) -> NoReturn:
    """Run the command by the start script of the pods, which finds the project, and an environment that is kept."""
    from automl.runtime import start
    from automl.runtime.folders import PROJECT, WORK

    start.ARCHIVE = place.run / CODE
    if start.ARCHIVE.exists():
        PROJECT.mkdir()
        os.chdir(PROJECT)
        start.unpack()
    else:
        checkout.copy_to(PROJECT, place.run)
        os.chdir(PROJECT)
    start.ARCHIVE = Path(os.devnull)
    if task.dependencies or task.packages:
        link(WORK / "venv", task.dependencies, task.packages)
    start.main([*_installed(task), *_options(task, place), "--", *command])


def _in_image(task: Task, place: Place, sight: Sight, command: list[str]) -> None:
    """Run the command in a container; what it leaves is looked after here, unless the script of the project does."""
    from automl.runtime.results import run_for
    from automl.runtime.start import parse
    from automl.runtime.values import variable_of

    options = _options(task, place)
    if task.project:
        if not (place.run / CODE).exists():
            checkout.copy_to(place.work / "project", place.run)
        start = str(place.run / "runtime" / "start.py")
        become(
            containers.command(task, ["python3", start, *_installed(task), *options, "--", *command], sight)
        )
    outputs = [variable_of("OUTPUT", name) for name in task.outputs]
    words = containers.command(task, command, sight._replace(named=[*sight.named, *outputs]))
    parsed, _ = parse([*options, "--", *words])
    raise SystemExit(run_for(parsed, words))


def _folders(task: Task, place: Place) -> list[Folder]:
    """What a container has to see: what other tasks leave, its own folder, and what starts it."""
    of_project = [place.run / "runtime", place.run / CODE] if task.project else []
    read = [place.run / "tasks", *(path for path in of_project if path.exists())]
    return [
        *(Folder(path, str(path), is_read_only=True) for path in read),
        Folder(place.folder, str(place.folder), is_read_only=False),
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
    return os.pathsep.join([str(Path(sys.executable).parent), variables.get("PATH", os.defpath)])


def _installed(task: Task) -> list[str]:
    options = ["--dependencies", task.dependencies] if task.dependencies else []
    return options + [word for package in task.packages for word in ("--package", package)]


def _options(task: Task, place: Place) -> list[str]:
    options = list(task.options)
    for name, type in task.outputs.items():
        options += ["--to", f"{name}={place.outputs / name}"] if type in FILES else []
    return [*options, "--message", str(place.message)] if task.outputs else options
