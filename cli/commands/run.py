"""`automl run`."""

import typer

from automl.cli.delivery import manner_of
from automl.cli.engines import ForPrograms, is_for_programs
from automl.cli.options import InContext, MessageFormat, Name, ParamsFile, Quiet, Set, Strict
from automl.cli.options_of_runs import (
    Arguments,
    Config,
    Cpus,
    Env,
    Fresh,
    From,
    Gpus,
    Image,
    Jobs,
    Memory,
    NoQueue,
    Only,
    PrintConfig,
    Priority,
    Requirements,
    Resources,
    Resume,
    Runs,
    StopServices,
)
from automl.cli.running import (
    conclude_run,
    conduct,
    config_of,
    new_run,
    run_to_resume,
    what_of,
    words_of,
)
from automl.cli.sites import site_here
from automl.cli.terminal import TEXT, print_text, wrong_usage


def run(
    context: typer.Context,
    config: Config = ".",
    arguments: Arguments = None,
    resume: Resume = None,
    print_config: PrintConfig = False,
    only: Only = None,
    since: From = None,
    jobs: Jobs = None,
    fresh: Fresh = False,
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
    place: InContext = None,
    name: Name = None,
    set: Set = None,
    params_file: ParamsFile = None,
    strict: Strict = False,
    message_format: MessageFormat = TEXT,
    quiet: Quiet = False,
    format: ForPrograms = TEXT,
) -> None:
    """Run a config, or a script, on this machine, and keep a record of it.

    automl run

    automl run config.yaml --set learning_rate=0.01

    automl run train.py --requirements requirements.txt -- --epochs 3

    Exit status: 0 it has succeeded, 1 it has failed, or the config has problems, 2 wrong usage, or something is missing, 130 stopped.
    """
    if place is not None and resume is not None:
        wrong_usage("--resume goes on with a run as it was made: leave --context out")
    what, options, is_json = what_of(context.params), words_of(context.params), is_for_programs(format)
    if print_config and resume is None:
        print_text(config_of(what).data.decode())
        return
    manner = manner_of(quiet, strict, message_format)
    folder = new_run(what, context.params, manner) if resume is None else run_to_resume(context)
    ended, status = conduct(folder, options, quiet)
    conclude_run(site_here(folder.parent), ended, is_json, status)
