"""`automl expand`."""

from types import MappingProxyType
from typing import Annotated

import typer

from automl.cli.delivery import given_params
from automl.cli.inputs import read_all
from automl.cli.options import InContext, ParamsFile, Quiet, Set
from automl.cli.terminal import PROBLEMS, TEXT, Manner, hint, print_text, report, touching_files, wrong_usage
from automl.compiler.diagnostics import in_order
from automl.compiler.driver import Overrides, analyse
from automl.compiler.views.trials import trials_csv, trials_json, trials_text

_FORMS = MappingProxyType({TEXT: trials_text, "json": trials_json, "csv": trials_csv})


def run(
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="A config, or a folder with one.", show_default=False)
    ] = ".",
    format: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text, json or csv.")] = TEXT,
    context: InContext = None,
    set: Set = None,
    params_file: ParamsFile = None,
    quiet: Quiet = False,
) -> None:
    """List the trials that a config means, with the values that each one gets.

    automl expand config.yaml
    """
    if format not in _FORMS:
        wrong_usage(f'there is no format "{format}": it is one of {", ".join(_FORMS)}')
    configs, unreadable = read_all([file])
    for line in unreadable:
        wrong_usage(line)
    [given] = configs
    params = given_params(set, params_file)
    with touching_files("read"):
        workflow, diagnostics = analyse(given, Overrides(params=params, context=context))
    if report(in_order(diagnostics), Manner(quiet)) or workflow is None:
        raise typer.Exit(PROBLEMS)
    if not any(job.trials for job in workflow.jobs) and format == TEXT:
        hint("no step has trials: each runs once")
    print_text(_FORMS[format](workflow))
