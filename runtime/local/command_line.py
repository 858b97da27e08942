"""What the command line of a run can say, wherever that is read: who makes a run knows before that it can be run so."""

from __future__ import annotations

import argparse
import os

from automl.runtime.local import request


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of what runs a run."""
    parser.add_argument(
        "--jobs", type=_jobs, default=os.cpu_count() or 1, metavar="N", help="steps that run at a time"
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="STEP", help="run this step alone, and others so named"
    )
    parser.add_argument(
        "--from", dest="since", default="", metavar="STEP", help="run this step and all that comes after it"
    )
    parser.add_argument(
        "--stop-services", action="store_true", help="end the services, too, when all else is done"
    )
    parser.add_argument(
        "--fresh",
        action="store_true",
        default=None,
        help="run trials, too, that an earlier run has run the same",
    )
    request.add_options(parser)


def _jobs(text: str) -> int:
    number = request.count(text)
    if not number:
        raise argparse.ArgumentTypeError("at least one step has to run at a time")
    return number
