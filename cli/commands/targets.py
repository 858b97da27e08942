"""`automl targets`."""

from typing import Annotated

import typer

from automl import targets
from automl.cli.choices import ChoiceError, choose
from automl.cli.terminal import print_text, say
from automl.compiler.target import Target
from automl.compiler.views.matrix import matrix as table


def run(
    matrix: Annotated[
        bool, typer.Option("--matrix", help="What each target makes of each key of a config, in Markdown.")
    ] = False,
) -> None:
    """List what automl compiles for, with the versions of each engine."""
    rows: list[Target] = []
    for name in targets.names():
        try:
            rows += [choice.target for choice in choose([name])]
        except ChoiceError as error:
            say(f"automl: {error}")
    for line in targets.ignored():
        say(f"automl: {line}")
    if matrix:
        print_text(table(rows))
        return
    print_text(
        "".join(
            f"{row.name}\n  {row.summary}\n"
            f"  versions: {', '.join(row.versions)} (default {row.default_version})\n"
            f"  forms: {', '.join(row.forms)}\n"
            for row in rows
        )
    )
