"""What a program does that `automl compile -t local` has made: [run] [--runs FOLDER] [option of the runner...]

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

from automl.runtime.local.create import RUNS, Program, create
from automl.runtime.local.processes import RUN


def main(plan: str, project: str, modules: Mapping[str, str], arguments: Sequence[str]) -> NoReturn:
    """Make a run, and become what runs it."""
    parser = argparse.ArgumentParser(prog="program", description=__doc__)
    parser.add_argument("--runs", type=Path, default=RUNS, help="folder with the records of all runs")
    options, others = parser.parse_known_args(arguments)
    packed = bz2.decompress(base64.b64decode(project)) if project else None
    folder = create(Program(plan, modules, packed), options.runs.absolute())
    print(f"run {folder.name}, in {folder}", flush=True)
    become_runner(folder, others)


def become_runner(folder: Path, options: Sequence[str]) -> NoReturn:
    """Become the program that runs the run in a folder."""
    command = [
        sys.executable,
        str(folder / "runtime" / "local" / "entry.py"),
        "runner",
        str(folder),
        *options,
    ]
    os.execve(sys.executable, command, {**os.environ, RUN: folder.name})  # what it forks can be told by that
