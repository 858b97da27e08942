"""`automl schema`."""

from automl.cli.terminal import print_text
from automl.schemas import config_schema


def run() -> None:
    """Print the JSON Schema of a config, for editors.

    automl schema > automl.schema.json
    """
    print_text(config_schema())
