"""`automl files`."""

from typing import Annotated

import typer

from automl.cli.delivery import given_params
from automl.cli.inputs import read_all
from automl.cli.options import InContext, ParamsFile, Quiet, Set
from automl.cli.terminal import PROBLEMS, Manner, print_text, report, say, touching_files, wrong_usage
from automl.compiler.diagnostics import Code, in_order
from automl.compiler.driver import Overrides, analyse_files
from automl.compiler.views.listing import listing, packed_paths
from automl.targets.objects.config_maps import MAX_OBJECT_BYTES, code_size


def run(
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="A config, or a folder with one.", show_default=False)
    ] = ".",
    packed: Annotated[
        bool, typer.Option("--packed", help="Only the paths of what is packed, one a line.")
    ] = False,
    context: InContext = None,
    set: Set = None,
    params_file: ParamsFile = None,
    quiet: Quiet = False,
) -> None:
    """List the project's files: those that are packed, and why the others are left out.

    automl files config.yaml
    """
    configs, unreadable = read_all([file])
    for line in unreadable:
        wrong_usage(line)
    [given] = configs
    params = given_params(set, params_file)
    with touching_files("read"):
        workflow, files, diagnostics = analyse_files(given, Overrides(params=params, context=context))
    size, too_large = code_size(workflow) if workflow else (None, [])
    diagnostics = in_order([*diagnostics, *too_large])
    listed_anyway = Code.LEFT_OUT_CREDENTIALS
    is_refused = report(
        [diagnostic for diagnostic in diagnostics if diagnostic.code is not listed_anyway], Manner(quiet)
    )
    if files:
        print_text(packed_paths(files) if packed else listing(files, size, MAX_OBJECT_BYTES))
    elif not is_refused and not quiet:
        say("no step needs the project's files: each has an image, or git, of its own")
    if is_refused:
        raise typer.Exit(PROBLEMS)
