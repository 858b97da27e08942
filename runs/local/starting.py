"""Starts what runs a run: a process of its own, which goes on whatever becomes of this one."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from automl.runtime.local.processes import RUN
from automl.runtime.local.reading import RUNNER_LOG


def start(folder: Path, options: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """The program that runs a run, in a session of its own; what it says goes to a file beside the record."""
    entry = folder / "runtime" / "local" / "entry.py"
    with (folder / RUNNER_LOG).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-I", str(entry), "runner", str(folder), *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, RUN: folder.name},
            start_new_session=True,
        )
