"""`automl run`."""

from pathlib import Path
from typing import Annotated

import typer

from automl.cli.delivery import given_params, manner_of
from automl.cli.options import MessageFormat, Name, ParamsFile, Quiet, Runs, Set, Strict
from automl.cli.terminal import TEXT, say
from automl.compiler.driver import Overrides


def run(
    config: Annotated[
        str,
        typer.Argument(
            metavar="[CONFIG]",
            help="A config, or a folder with one; - is standard input.",
            show_default=False,
        ),
    ] = ".",
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", metavar="N", min=1, help="Steps at a time; else one for each CPU."),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume",
            metavar="RUN",
            help="Go on with a run that is there, as it was made; what has succeeded is not run again.",
        ),
    ] = None,
    runs: Runs = None,
    name: Name = None,
    set: Set = None,
    params_file: ParamsFile = None,
    strict: Strict = False,
    message_format: MessageFormat = TEXT,
    quiet: Quiet = False,
) -> None:
    """Run a config on this machine, and keep a record of it.

    automl run

    automl run config.yaml --set learning_rate=0.01
    """
    from automl.cli import running

    options = [] if jobs is None else ["--jobs", str(jobs)]
    if resume is not None:
        running.conduct(running.run_called(resume, runs), options, quiet)
    manner = manner_of(quiet, strict, message_format)
    overrides = Overrides(name, None, given_params(set, params_file))
    program, beside = running.program_of(config, overrides, manner)
    folder = running.made(program, Path(runs).absolute() if runs else beside)
    if not quiet:
        say(f"run {folder.name}, in {folder}")
    running.conduct(folder, options, quiet)
