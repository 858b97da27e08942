"""Starts what runs a run: a process of its own, which goes on whatever becomes of this one."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from automl.runtime.local.choice import choice_of
from automl.runtime.local.command_line import add_options
from automl.runtime.local.history import History
from automl.runtime.local.plan import Plan
from automl.runtime.local.processes import variables_of_program
from automl.runtime.local.reading import RUNNER_LOG
from automl.runtime.local.shelf import VerbError
from automl.runtime.local.slurm_reading import ClusterReading
from automl.runtime.local.slurm_script import submit_again
from automl.runtime.local.watching import PAUSE, read


def start(folder: Path, options: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """The program that runs a run, in a session of its own; what it says goes to a file beside the record."""
    entry = folder / "runtime" / "local" / "entry.py"
    with (folder / RUNNER_LOG).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-I", str(entry), "runner", str(folder), *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=variables_of_program(folder.name),
            start_new_session=True,
        )


def resume(folder: Path, words: Sequence[str]) -> None:
    """Go on with a run by a process of its own, which has begun when this is done. VerbError if it cannot go on so."""
    reading = read(folder)
    if isinstance(reading, ClusterReading):
        submit_again(folder)
        return
    if not reading.has_ended():
        raise VerbError(f"{folder.name} is {reading.history.state} already")
    if reading.problem:
        raise VerbError(f"{folder.name} cannot go on: {reading.problem}")
    check_choice(folder, reading.plan, reading.history, words)
    process = start(folder, words)
    while not reading.more():
        if process.poll() is not None and not reading.more():
            raise VerbError(f"{folder.name} cannot go on: {reading.last_words() or 'its program has ended'}")
        time.sleep(PAUSE)


def check_choice(folder: Path, plan: Plan, known: History, words: Sequence[str]) -> None:
    """VerbError if what the words choose cannot be run in a folder, which may be none yet."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_options(parser)
    options = parser.parse_args(words)
    try:
        choice_of(folder, plan, known, (options.only, options.since))
    except ValueError as error:
        raise VerbError(str(error)) from None
