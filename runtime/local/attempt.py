"""One try of a task: a process that prepares it and becomes its command, or sees to what the command leaves."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, NoReturn

from automl.runtime.local.plan import Task, all_filled, filled
from automl.runtime.local.processes import RUN, TASK
from automl.runtime.local.wakeup import WANTED
from automl.runtime.outputs import unframed

FILES = ("file", "model", "dataset")
FIRST_FREE, MOST_OPEN = 3, 1024  # file descriptors: behind those that every process has
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


class Place:
    """Where a task of a run has its files."""

    def __init__(self, run: Path, task: str) -> None:
        self.run, self.folder = run, run / "tasks" / task
        self.log, self.outputs = self.folder / "log", self.folder / "outputs"
        self.work, self.message = self.folder / "work", self.folder / "values"

    def values(self) -> dict[str, str]:
        """The values that the task has left."""
        return unframed(self.message.read_bytes()) if self.message.exists() else {}


class Setting(NamedTuple):
    """What all tries of a run have in common: the name of the run, and variables for all of its tasks."""

    run: str
    variables: Mapping[str, str]


class Begun(NamedTuple):
    """A try that waits to be let go: its process, and the end of a pipe to which a byte is to be written."""

    pid: int
    gate: int

    def let_go(self) -> None:
        """Let it do what it is there for."""
        with suppress(BrokenPipeError):  # it has been ended
            os.write(self.gate, b"!")
        os.close(self.gate)


def begin(task: Task, place: Place, setting: Setting, values: Mapping[str, str]) -> Begun:
    """Begin a try in a process of its own, which leads a session. It does nothing before it is let go.

    Should this process end before, so does that one: there is never a try that nobody has written down.
    """
    wait, gate = os.pipe()
    signal.pthread_sigmask(signal.SIG_BLOCK, WANTED)  # lest the child takes one for this process
    try:
        child = os.fork()
        if child == 0:
            os.close(gate)
            _run(task, place, setting, values, wait)
    except OSError:
        os.close(gate)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, WANTED)
        os.close(wait)
    return Begun(child, gate)


def _run(task: Task, place: Place, setting: Setting, values: Mapping[str, str], wait: int) -> NoReturn:
    """Be the try, and end with its status, whatever happens."""
    status = 1
    try:
        os.setsid()
        for number in (*WANTED, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, WANTED)
        if os.read(wait, 1):
            _make_room(place)
            _open_streams(place.log)
            _become(task, place, setting, values)
    except SystemExit as end:
        status = _status_of(end)
    except BaseException as error:  # noqa: BLE001 whatever it is, it is the end of this process alone
        _say(f"automl: {error}")
    finally:
        os._exit(status)


def _make_room(place: Place) -> None:
    """Folders for what the task writes, without what an earlier try has left."""
    if place.work.exists():
        shutil.rmtree(place.work)
    place.work.mkdir(parents=True)
    place.outputs.mkdir(exist_ok=True)


def _become(task: Task, place: Place, setting: Setting, values: Mapping[str, str]) -> NoReturn:
    variables = environment(task, place, setting, values)
    os.environ.clear()
    os.environ.update(variables)
    command = all_filled(task.command, values)
    if task.project:
        from automl.runtime import start

        start.ARCHIVE = place.run / "code.tar"
        start.main([*_options(task, place), "--", *command])
    raise SystemExit("automl: no image yet")


def _open_streams(log: Path) -> None:
    """Nothing to read, the log to write to, and nothing else that is open."""
    signal.set_wakeup_fd(-1)
    null, file = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for number, target in enumerate((null, file, file)):
        os.dup2(target, number)
    os.closerange(FIRST_FREE, MOST_OPEN)


def environment(task: Task, place: Place, setting: Setting, values: Mapping[str, str]) -> dict[str, str]:
    """The variables of a task: those of who runs it, and its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AUTOML_")}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)])
    own = {name: filled(text, values) for name, text in task.variables.items()}
    marks = {"AUTOML_WORK": str(place.work), RUN: setting.run, TASK: task.name}
    return {**kept, "PATH": path, **setting.variables, **values, **own, **marks}


def _options(task: Task, place: Place) -> list[str]:
    options = list(task.options)
    for name, type in task.outputs.items():
        options += ["--to", f"{name}={place.outputs / name}"] if type in FILES else []
    return [*options, "--message", str(place.message)] if task.outputs else options


def _status_of(end: SystemExit) -> int:
    if isinstance(end.code, str):
        _say(end.code)
    return end.code if isinstance(end.code, int) else int(end.code is not None)


def _say(line: str) -> None:
    os.write(2, f"{line}\n".encode(errors="surrogateescape"))
