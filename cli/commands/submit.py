"""`automl submit`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from automl.cli.delivery import given_params, manner_of
from automl.cli.engines import ForPrograms, engine_at, is_for_programs, print_json
from automl.cli.options import Config, Jobs, MessageFormat, Name, ParamsFile, Quiet, Runs, Set, Strict
from automl.cli.running import conclude_run, config_at, program_of, runs_beside, words
from automl.cli.running import follow as show
from automl.cli.terminal import TEXT, print_text, touching_files
from automl.compiler.driver import Overrides


def run(
    config: Config = ".",
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show how it goes on; Ctrl-C ends that, and not the run.")
    ] = False,
    jobs: Jobs = None,
    runs: Runs = None,
    name: Name = None,
    set: Set = None,
    params_file: ParamsFile = None,
    strict: Strict = False,
    message_format: MessageFormat = TEXT,
    quiet: Quiet = False,
    format: ForPrograms = TEXT,
) -> None:
    """Run a config on this machine in the background; the first that is printed is the name of the run.

    automl submit --set learning_rate=0.01
    """
    is_json = is_for_programs(format)
    manner = manner_of(quiet, strict, message_format)
    given = config_at(config)
    program = program_of(given, Overrides(name, None, given_params(set, params_file)), manner)
    engine = engine_at(Path(runs).absolute() if runs else runs_beside(given))
    with touching_files("write"):
        submitted = engine.submit(program, words({"--jobs": jobs}))
    if is_json:
        print_json(asdict(engine.status(submitted)))
    else:
        print_text(f"{submitted}\n")
    if follow:
        conclude_run(engine, show(engine, submitted, quiet))
