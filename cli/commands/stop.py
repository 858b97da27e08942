"""`automl stop`."""

import os
from dataclasses import asdict
from typing import Annotated

import typer

from automl.cli.engines import ForPrograms, RunNames, asking, is_for_programs, print_json
from automl.cli.options_of_runs import Context, ContextsOf, Runs
from automl.cli.sites import site_of
from automl.cli.terminal import TEXT, print_lines, wrong_usage


def run(
    names: RunNames = None,
    queued: Annotated[bool, typer.Option("--queued", help="All runs that wait for their turn.")] = False,
    now: Annotated[
        bool, typer.Option("--now", help="Give the steps no time to end by themselves, which is 10 seconds.")
    ] = False,
    runs: Runs = None,
    place: Context = None,
    contexts_of: ContextsOf = None,
    format: ForPrograms = TEXT,
) -> None:
    """Stop runs, and wait until nothing of them runs any more. `automl run --resume RUN` goes on with one.

    automl stop last
    """
    is_json = is_for_programs(format)
    if queued == bool(names):
        wrong_usage("give the names of runs, or --queued")
    engine = site_of(runs, place, contexts_of).engine
    with asking():
        stopped = engine.stop_waiting() if queued else [engine.stop(name, now) for name in names or ()]
    if is_json:
        print_json([asdict(one) for one in stopped])
    else:
        print_lines(os.fsencode(f"{one.id} {one.state}") for one in stopped)
