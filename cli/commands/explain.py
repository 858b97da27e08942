"""`automl explain`."""

from typing import Annotated

import typer

from automl.cli.terminal import print_text, wrong_usage
from automl.compiler.views.explain import UnknownCodeError, explanation


def run(
    code: Annotated[
        str | None,
        typer.Argument(
            metavar="[CODE]", help="The code of a message, for instance AML102; none: all of them."
        ),
    ] = None,
) -> None:
    """Say what a message means and what to do about it.

    automl explain AML102
    """
    try:
        print_text(explanation(code))
    except UnknownCodeError as error:
        wrong_usage(str(error))
