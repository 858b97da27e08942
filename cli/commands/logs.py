"""`automl logs`."""

from typing import Annotated

import typer

from automl.cli.engines import RunName, asking
from automl.cli.options_of_runs import Context, ContextsOf, Runs
from automl.cli.sites import site_of
from automl.cli.terminal import print_pieces


def run(
    name: RunName = "last",
    step: Annotated[
        str | None,
        typer.Argument(metavar="[STEP]", help="One step; else all, each line behind the name of its step."),
    ] = None,
    follow: Annotated[
        bool,
        typer.Option("--follow", "-f", help="Print what comes, too, until the step or the run has ended."),
    ] = False,
    runs: Runs = None,
    place: Context = None,
    contexts_of: ContextsOf = None,
) -> None:
    """Print what the steps of a run have printed; without a RUN, of the one made last.

    automl logs last train -f
    """
    with asking():
        print_pieces(site_of(runs, place, contexts_of).engine.logs(name, step, follow))
