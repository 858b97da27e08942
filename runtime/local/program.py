"""What a program does that `automl compile -t local` has made: [--runs FOLDER] [what `command_line` knows]

A program has the plan, the project and these modules in itself; it needs nothing else than Python.
"""

from __future__ import annotations

import argparse
import base64
import bz2
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from automl.runtime.local.choice import choice_of
from automl.runtime.local.command_line import add_options
from automl.runtime.local.create import RUNS, Program, create
from automl.runtime.local.plan import Plan
from automl.runtime.local.processes import variables_of_program


def main(plan: str, project: str, modules: Mapping[str, str], arguments: Sequence[str]) -> NoReturn:
    """Make a run, and become what runs it. What cannot be run as the arguments say makes no run."""
    runs, options = _read(plan, arguments)
    packed = bz2.decompress(base64.b64decode(project)) if project else None
    folder = create(Program(plan, modules, packed), runs)
    print(f"run {folder.name}, in {folder}", flush=True)
    become_runner(folder, options)


def become_runner(folder: Path, options: Sequence[str]) -> NoReturn:
    """Become the program that runs the run in a folder."""
    command = [
        sys.executable,
        str(folder / "runtime" / "local" / "entry.py"),
        "runner",
        str(folder),
        *options,
    ]
    os.execve(sys.executable, command, variables_of_program(folder.name))


def _read(plan: str, arguments: Sequence[str]) -> tuple[Path, list[str]]:
    """The folder for the run, and what remains to be said to its runner."""
    place = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    place.add_argument(
        "--runs", type=Path, default=RUNS, metavar="FOLDER", help="where the records of all runs are"
    )
    whole = argparse.ArgumentParser(description="Run it here.", parents=[place], allow_abbrev=False)
    add_options(whole)
    options = whole.parse_args(arguments)
    runs = options.runs.absolute()
    try:
        choice_of(runs / "new", Plan.from_json(plan), None, (options.only, options.since))
    except ValueError as error:
        whole.error(str(error))
    return runs, place.parse_known_args(arguments)[1]
