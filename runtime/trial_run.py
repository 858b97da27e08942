"""One run of a trial: its command, and the result for who judges all of them, which may say that it has failed.

It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from automl.runtime.results import Output, outputs_of, remove, run_for, value_of
from automl.runtime.trial_results import Left, result_of


def run_trial(options: argparse.Namespace, command: list[str]) -> int:
    """The status of the command; 0 if the run may fail and has failed as often as it is tried."""
    for left in range(options.tolerate or 1, 0, -1):
        status, why = run_once(options, command)
        if status in (0, 128 + signal.SIGTERM) or not options.tolerate:  # who stops it asks for no other try
            break
        said = f"{left - 1} more to go" if left > 1 else "this run has failed, and the others go on"
        print(f"automl: {why}; {said}", file=sys.stderr, flush=True)
    else:
        status = 0
        stand_in_for_files(options)
        write_result(options, None)
    return status


def run_once(options: argparse.Namespace, command: list[str]) -> tuple[int, str]:
    """The status of one try, with its result, and why it has failed. ValueError says so, if it must not fail."""
    try:
        status = run_for(options, command)
        if status == 0:
            judged = judged_outputs(options)
            values = {output.name: value_of(output) for output in judged if not output.is_file}
            files = {output.name: str(output.place) for output in judged if output.is_file}
            write_result(options, Left(values, files))
    except (OSError, ValueError) as error:
        if not options.tolerate:
            raise
        return 1, str(error)
    return status, f"the command has ended with {status}"


def stand_in_for_files(options: argparse.Namespace) -> None:
    """Leave nothing in the place of each file that is asked for: Kubeflow brings all of a loop, and fails at one that is missing."""
    for output in judged_outputs(options):
        if output.is_file and output.place:
            remove(output.place)
            output.place.parent.mkdir(parents=True, exist_ok=True)
            output.place.touch()


def judged_outputs(options: argparse.Namespace) -> list[Output]:
    """The outputs that are asked for."""
    outputs = outputs_of(options.output, options.to, options.unencoded)
    return [output for output in outputs if output.name in options.judged]


def write_result(options: argparse.Namespace, left: Left | None) -> None:
    """Write the result to where the engine takes it."""
    Path(options.result).parent.mkdir(parents=True, exist_ok=True)
    Path(options.result).write_bytes(result_of(options.trial, left).encode())
