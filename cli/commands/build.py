"""`automl build`."""

from typing import Annotated

import typer

from automl.cli.delivery import given_params
from automl.cli.inputs import read_all
from automl.cli.options import InContext, ParamsFile, Quiet, Set
from automl.cli.terminal import PROBLEMS, Manner, print_text, report, say, touching_files, wrong_usage
from automl.compiler.diagnostics import in_order
from automl.compiler.driver import Overrides, analyse
from automl.compiler.ir import Bundle
from automl.images.context import context_of
from automl.images.image import images_of


def run(
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="A config, or a folder with one.", show_default=False)
    ] = ".",
    context: InContext = None,
    set: Set = None,
    params_file: ParamsFile = None,
    quiet: Quiet = False,
) -> None:
    """Print the Dockerfile of the images that hold the project and what it needs.

    automl build config.yaml
    """
    configs, unreadable = read_all([file])
    for line in unreadable:
        wrong_usage(line)
    [given] = configs
    params = given_params(set, params_file)
    with touching_files("read"):
        workflow, diagnostics = analyse(given, Overrides(params=params, context=context))
    if report(in_order(diagnostics), Manner(quiet)) or workflow is None:
        raise typer.Exit(PROBLEMS)
    images = images_of(workflow)
    if not images or not isinstance(workflow.code, Bundle):
        if not quiet:
            say("no step needs the project's files: each has an image, or git, of its own")
        return
    print_text(context_of(workflow, images, workflow.image_registry).text)
