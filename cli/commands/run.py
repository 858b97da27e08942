"""`automl run`."""

from pathlib import Path
from typing import Annotated

import typer

from automl.cli.delivery import given_params, manner_of
from automl.cli.engines import asking, engine_at, folder_of_run
from automl.cli.options import Config, Jobs, MessageFormat, Name, ParamsFile, Quiet, Runs, Set, Strict
from automl.cli.running import conclude_run, conduct, config_at, program_of, runs_beside, words
from automl.cli.terminal import TEXT, say, touching_files
from automl.compiler.driver import Overrides
from automl.runtime.local.create import create


def run(
    config: Config = ".",
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume",
            metavar="RUN",
            help="Go on with a run that is there, as it was made; what has succeeded is not run again.",
        ),
    ] = None,
    jobs: Jobs = None,
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
    options = words({"--jobs": jobs})
    if resume is not None:
        with asking():
            folder = folder_of_run(runs, resume)
    else:
        manner = manner_of(quiet, strict, message_format)
        given = config_at(config)
        program = program_of(given, Overrides(name, None, given_params(set, params_file)), manner)
        with touching_files("write"):
            folder = create(program, Path(runs).absolute() if runs else runs_beside(given))
        if not quiet:
            say(f"run {folder.name}, in {folder}")
    conclude_run(engine_at(folder.parent), conduct(folder, options, quiet))
