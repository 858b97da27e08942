"""Ends what a run has begun when the program that runs it is gone, however that went.

The program holds the other end of standard input, so this reads its end when the program is no more.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from automl.runtime.local import processes
from automl.runtime.local.leftovers import end_containers, end_leftovers


def start(folder: Path, lock: int) -> subprocess.Popen[bytes]:
    """Have a guard look after the end of this program. It has the lock, too, until all is ended.

    It is no process of the run, but has the variables by which podman or docker is found, and finds its containers.
    """
    marks = (processes.RUN, processes.TASK)
    variables = {name: text for name, text in os.environ.items() if name not in marks}
    entry = Path(__file__).with_name("entry.py")
    command = [sys.executable, "-I", "-S", str(entry), "guard", str(folder)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, start_new_session=True, env=variables, pass_fds=[lock]
    )


def main(arguments: list[str]) -> int:
    """Wait for the end of the program, then end the processes of the run; one may just have begun another."""
    while os.read(0, 1):
        pass
    folder = Path(arguments[0])
    for _ in range(3):
        end_leftovers(folder)
        time.sleep(0.03)
    end_containers(folder)
    return 0
