"""`automl submit`."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from automl.cli.chosen import refuse_choice
from automl.cli.delivery import manner_of
from automl.cli.engines import ForPrograms, asking, engine_at, is_for_programs, print_json, refuse_windows
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
    Resume,
    Runs,
    Set,
    StopServices,
    Strict,
)
from automl.cli.running import conclude_run, hint_at_gpus, program_for, run_to_resume, what_of, words_of
from automl.cli.running import follow as show
from automl.cli.terminal import TEXT, Manner, print_text, touching_files
from automl.runs.local.engine import LocalEngine


def run(
    context: typer.Context,
    config: Config = ".",
    arguments: Arguments = None,
    resume: Resume = None,
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
    refuse_windows()
    is_json, options = is_for_programs(format), words_of(context.params)
    manner = manner_of(quiet, strict, message_format)
    engine, submitted = _begin(context, options, manner) if resume is None else _go_on(context, options)
    if not is_json:
        print_text(f"{submitted}\n")
    elif not follow:
        print_json(asdict(engine.status(submitted)))
    if follow:
        conclude_run(engine, show(engine, submitted, quiet), is_json)


def _begin(context: typer.Context, options: Sequence[str], manner: Manner) -> tuple[LocalEngine, str]:
    program, beside = program_for(what_of(context.params), manner)
    runs = Path(context.params["runs"]).absolute() if context.params["runs"] else beside
    refuse_choice(program.plan, runs / "new", context.params)
    engine = engine_at(runs)
    with touching_files("write"):
        submitted = engine.submit(program, options)
    hint_at_gpus(context.params)
    return engine, submitted


def _go_on(context: typer.Context, options: Sequence[str]) -> tuple[LocalEngine, str]:
    folder = run_to_resume(context)
    engine = engine_at(folder.parent)
    with asking(), touching_files("write"):
        return engine, engine.resume(folder.name, options)
