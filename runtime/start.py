#!/usr/bin/env python3
"""Prepares a project inside a container, then becomes its command, or sees to what the command leaves.

    start.py [--dependencies FILE] [--package REQUIREMENT]... [--secrets FOLDER]... [--keep NAME]...
             [--value NAME=ENCODED]... [--plain NAME=TEXT]... [--set NAME=TEXT]... [--expand NUMBER]...
             [--param NAME:TYPE]... [--params-file PATH]
             [--output NAME:TYPE[:PATH]]... [--to NAME=FILE]... [--unencoded NAME]... [--message FILE]
             [--fetch PATH=ADDRESS]... [--put NAME=ADDRESS]...
             [--result FILE --trial NAME [--judged NAME]... [--tolerate TRIES]]
             -- COMMAND [ARGUMENT...]

The project comes from the archive beside this file or in the zip that this file is in, or it has been checked
out already. Each key of a secret that is mounted becomes a variable, but for those to keep. Dependencies go into a
virtual environment that also sees what the image brings; then packages, where they are missing.

Variables are set to values of other tasks, encoded or plain; in the texts of --set, and in the words of the command
that --expand counts from 0, @(NAME) is a variable and @@ an @. $AUTOML_PARAMS_FILE has the parameters in JSON. The
command leaves each output at $AUTOML_OUTPUT_NAME, or at a PATH of the project; from there it goes to its FILE: a file
or folder as it is, a value encoded, unless an image takes it that cannot decode it. The message has all values.
What is at an address in a store is fetched before the command starts, and what the command leaves is put there.
A run of a trial puts what it is judged by, and its name, into one result; one that is tolerated is tried so often, and
ends well however its command has ended: its result tells.
Without outputs, only $AUTOML_WORK is written to, so it works for any user. It runs on Python 3.8 and newer, with the
standard library alone.
"""

from __future__ import annotations

import argparse
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import zipfile
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import IO, NoReturn

if __name__ == "__main__":  # what is beside this file is `automl.runtime`, whatever the image has
    sys.modules.update((name, ModuleType(name)) for name in ("automl", "automl.runtime"))
    sys.modules["automl.runtime"].__path__ = [str(Path(__file__).absolute().parent)]

from automl.runtime.child import become
from automl.runtime.folders import project, work

REPEATED = (
    *("package", "secrets", "keep", "value", "plain", "set", "param", "output", "to", "unencoded"),
    *("fetch", "put", "judged"),
)
VALUES = ("value", "plain", "set", "expand", "param", "params_file")
ARCHIVE = Path(__file__).absolute().with_name("code.tar.bz2")
VARIABLE = re.compile(r"(?!\.\.)[-._a-zA-Z][-._a-zA-Z0-9]*")  # the keys that `envFrom` takes


def main(arguments: list[str]) -> NoReturn:
    """Prepare, run the command, and hand over what it leaves; without outputs, replace this process by the command."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # process 1 would ignore it
    options, command = parse(arguments)
    project().mkdir(parents=True, exist_ok=True)
    os.chdir(project())
    packed = open_archive()
    if packed is not None:
        unpack(packed)
    go(options, command)


def go(options: argparse.Namespace, command: list[str]) -> NoReturn:
    """Do all that in the folder of the project, as it is."""
    if options.fetch:
        from automl.runtime.store import fetch  # it is there where files travel so

        fetch(options.fetch)
    command = with_values(command, options)
    ensure_home()
    ensure_user()
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    if options.dependencies or options.package:
        from automl.runtime.dependencies import enter_environment, in_environment

        enter_environment(options.dependencies, options.package)
        command = in_environment(command)
    ensure_python()
    if options.result:
        from automl.runtime.trial_run import run_trial  # it is there if runs of trials are judged

        sys.exit(run_trial(options, command))
    if not options.output:
        become(command)
    from automl.runtime.results import run_for

    sys.exit(run_for(options, command))


def parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """The options, and the command behind the first `--`, untouched."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options, command = parser().parse_args(arguments[:end]), arguments[end + 1 :]
    return (options, command) if command else parser().error("no command behind `--`")


@lru_cache(maxsize=1)
def parser() -> argparse.ArgumentParser:
    """What reads the options."""
    options = argparse.ArgumentParser(prog="start.py")
    for name in ("--dependencies", "--params-file", "--message", "--result", "--trial"):
        options.add_argument(name, default="")
    options.add_argument("--tolerate", default=0, type=int)
    options.add_argument("--expand", action="append", default=[], type=int)
    for name in REPEATED:
        options.add_argument(f"--{name}", action="append", default=[])
    return options


def with_values(command: list[str], options: argparse.Namespace) -> list[str]:
    """Set the variables that are no part of the manifest; return the command with their values."""
    take_secrets(options.secrets, options.keep)
    if not any(getattr(options, name) for name in VALUES):
        return command
    from automl.runtime.values import given  # it is there if a task of the workflow needs it

    return given(options, command)


def unpack(packed: IO[bytes], folder: str = ".") -> None:
    """Unpack an archive where its files can be written to."""
    with packed, tarfile.open(fileobj=packed, mode="r|*") as archive:
        if hasattr(tarfile, "tar_filter"):
            archive.extraction_filter = tarfile.tar_filter
        archive.extractall(folder)


def open_archive() -> IO[bytes] | None:
    """The archive beside this file, or in the zip that Python was started with."""
    if ARCHIVE.is_file():
        return ARCHIVE.open("rb")
    if not zipfile.is_zipfile(sys.argv[0]):
        return None
    program = zipfile.ZipFile(sys.argv[0])
    return program.open(next(name for name in program.namelist() if name.startswith("code.tar")))


def take_secrets(folders: list[str], kept: list[str]) -> None:
    """The keys of mounted secrets as variables, like `envFrom`: of two with one key, the later secret wins."""
    for file in (file for folder in folders for file in sorted(Path(folder).iterdir())):
        if VARIABLE.fullmatch(file.name) and file.name not in kept:  # others are links that Kubernetes turns
            content = file.read_bytes()
            if b"\0" not in content:
                os.environb[os.fsencode(file.name)] = content


def ensure_home() -> None:
    """See to a home folder that can be written to, if the container has none."""
    home = os.environ.get("HOME", "/")
    if home == "/" or not os.access(home, os.W_OK):
        os.environ["HOME"] = str(work() / "home")
        Path(os.environ["HOME"]).mkdir(exist_ok=True)


def ensure_user() -> None:
    """Name a user whom the image does not know, for programs that ask who runs them."""
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        os.environ.setdefault("USER", "automl")
        os.environ.setdefault("LOGNAME", "automl")


def ensure_python() -> None:
    """See to a program `python`, which many images lack, for the command and for what it starts."""
    if shutil.which("python") is None:
        programs = work() / "bin"
        programs.mkdir(exist_ok=True)
        if not (programs / "python").exists():
            (programs / "python").symlink_to(sys.executable)
        os.environ["PATH"] = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{programs}"


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        sys.exit(f"automl: {error}")
