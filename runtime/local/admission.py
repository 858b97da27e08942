"""How a run gets its turn: at once, or by the queue."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from automl.runtime.local import gpus
from automl.runtime.local.plan import Task
from automl.runtime.local.processes import TASK
from automl.runtime.local.turn import AtOnce, QueueError, Turn


def turn_of(folder: Path, tasks: Sequence[Task], options: argparse.Namespace) -> Turn:
    """The turn of a run with these tasks. QueueError if it asks for what it cannot have."""
    asks = bool(options.gpus) or gpus.are_asked_for(tasks)
    if not tasks:
        return AtOnce()  # all is done
    if TASK in os.environ:  # a step of a run, which has had its turn, has started this one
        return AtOnce(_of_the_step(tasks) if asks else ())
    if not options.no_queue:
        return _in_queue(folder, tasks, options, asks)
    if asks:
        what = "--gpus needs" if options.gpus else "GPUs need"
        raise QueueError(f"{what} the queue, which alone knows what GPUs are free: leave --no-queue out")
    return AtOnce()


def _of_the_step(tasks: Sequence[Task]) -> Sequence[str]:
    """The GPUs that a step has for the run that it starts."""
    try:
        numbers = gpus.choices(tasks)
    except ValueError as error:
        raise QueueError(str(error)) from None
    if (least := gpus.at_once(tasks)) > len(numbers):
        raise QueueError(
            f"the run needs {least} GPUs at a time, and the step that starts it has {len(numbers)}"
        )
    return numbers


def _in_queue(folder: Path, tasks: Sequence[Task], options: argparse.Namespace, asks_for_gpus: bool) -> Turn:
    try:
        from automl.runtime.local.queued import queued  # not before: some builds of Python have no SQLite
    except ImportError as error:
        if asks_for_gpus:
            raise QueueError(
                f"no GPU without the queue, for which this Python lacks something: {error}"
            ) from None
        print(f"automl: the run does not wait for others: {error}", file=sys.stderr)
        return AtOnce()
    return queued(folder, tasks, options)
