"""`automl logs`."""

from typing import Annotated

import typer

from automl.cli.engines import RunName, asking, engine_of
from automl.cli.options import Runs
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
) -> None:
    """Print what the steps of a run have printed; without a RUN, of the one made last.

    automl logs last train -f
    """
    with asking():
        print_pieces(engine_of(runs).logs(name, step, follow))
