"""`automl schema`."""

from typing import Annotated

import typer

from automl.cli.terminal import print_text, wrong_usage
from automl.schemas import config_schema, contexts_schema

_SCHEMAS = {"config": config_schema, "contexts": contexts_schema}


def run(
    of: Annotated[
        str,
        typer.Argument(
            metavar="[config|contexts]",
            show_default=False,
            autocompletion=lambda: [*_SCHEMAS],
            help="Of a config, or of the file with contexts of your own.",
        ),
    ] = "config",
) -> None:
    """Print the JSON Schema of a config, for editors.

    automl schema > automl.schema.json
    """
    if of not in _SCHEMAS:
        wrong_usage(f'there is no schema of "{of}"; there are {", ".join(_SCHEMAS)}')
    print_text(_SCHEMAS[of]())
