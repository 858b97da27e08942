"""How a run gets its turn: at once, or by the queue."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from automl.runtime.local.plan import Task
from automl.runtime.local.processes import TASK
from automl.runtime.local.turn import AtOnce, QueueError, Turn


def turn_of(folder: Path, tasks: Sequence[Task], options: argparse.Namespace) -> Turn:
    """The turn of a run with these tasks. QueueError if it asks for what it cannot have."""
    if TASK in os.environ or not tasks:
        return AtOnce()  # a step of a run, which has had its turn, has started this one; or all is done
    if not options.no_queue:
        return _in_queue(folder, tasks, options)
    if options.gpus:
        raise QueueError("--gpus needs the queue, which alone knows what GPUs are free: leave --no-queue out")
    return AtOnce()


def _in_queue(folder: Path, tasks: Sequence[Task], options: argparse.Namespace) -> Turn:
    try:
        from automl.runtime.local.queued import queued  # not before: some builds of Python have no SQLite
    except ImportError as error:
        if options.gpus:
            raise QueueError(
                f"no GPU without the queue, for which this Python lacks something: {error}"
            ) from None
        print(f"automl: the run does not wait for others: {error}", file=sys.stderr)
        return AtOnce()
    return queued(folder, tasks, options)
