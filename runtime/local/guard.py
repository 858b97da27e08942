"""Ends what a run has begun when the program that runs it is gone, however that went.

The program holds the other end of standard input, so this reads its end when the program is no more.
"""

from __future__ import annotations

import os
import time

from automl.runtime.local.processes import end_members


def main(arguments: list[str]) -> int:
    """Wait for the end of the program, then end the processes of the run; one may just have begun another."""
    while os.read(0, 1):
        pass
    for _ in range(3):
        end_members(arguments[0])
        time.sleep(0.03)
    return 0
