"""`automl submit`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from automl.cli.chosen import refuse_choice
from automl.cli.delivery import manner_of
from automl.cli.engines import ForPrograms, engine_at, is_for_programs, print_json
from automl.cli.options import (
    Arguments,
    Config,
    Cpus,
    Env,
    From,
    Gpus,
    Image,
    Jobs,
    Memory,
    MessageFormat,
    Name,
    NoQueue,
    Only,
    ParamsFile,
    Priority,
    Quiet,
    Requirements,
    Resources,
    Runs,
    Set,
    StopServices,
    Strict,
)
from automl.cli.running import conclude_run, hint_at_gpus, program_for, what_of, words_of
from automl.cli.running import follow as show
from automl.cli.terminal import TEXT, print_text, touching_files


def run(
    context: typer.Context,
    config: Config = ".",
    arguments: Arguments = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show how it goes on; Ctrl-C ends that, and not the run.")
    ] = False,
    only: Only = None,
    since: From = None,
    jobs: Jobs = None,
    stop_services: StopServices = False,
    priority: Priority = None,
    cpus: Cpus = None,
    memory: Memory = None,
    gpus: Gpus = None,
    no_queue: NoQueue = False,
    requirements: Requirements = None,
    image: Image = None,
    resources: Resources = None,
    env: Env = None,
    runs: Runs = None,
    name: Name = None,
    set: Set = None,
    params_file: ParamsFile = None,
    strict: Strict = False,
    message_format: MessageFormat = TEXT,
    quiet: Quiet = False,
    format: ForPrograms = TEXT,
) -> None:
    """Run a config, or a script, on this machine in the background; the first that is printed is the name of the run.

    automl submit --set learning_rate=0.01
    """
    is_json = is_for_programs(format)
    what, options = what_of(context.params), words_of(context.params)
    program, beside = program_for(what, manner_of(quiet, strict, message_format))
    place = Path(runs).absolute() if runs else beside
    refuse_choice(program.plan, place / "new", context.params)
    engine = engine_at(place)
    with touching_files("write"):
        submitted = engine.submit(program, options)
    hint_at_gpus(context.params)
    if is_json:
        print_json(asdict(engine.status(submitted)))
    else:
        print_text(f"{submitted}\n")
    if follow:
        conclude_run(engine, show(engine, submitted, quiet))
