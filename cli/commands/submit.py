"""`automl submit`."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from automl.cli.chosen import refuse_choice, refuse_unknown_steps
from automl.cli.contexts import has_context
from automl.cli.delivery import manner_of
from automl.cli.engines import ForPrograms, asking, is_for_programs, print_json, refuse_beside
from automl.cli.images import refuse_images
from automl.cli.options import MessageFormat, Name, ParamsFile, Quiet, Set, Strict
from automl.cli.options_of_runs import (
    Arguments,
    Config,
    Context,
    ContextsOf,
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
    Priority,
    Requirements,
    Resources,
    Resume,
    Runs,
    StopServices,
)
from automl.cli.running import (
    OF_RUNNER,
    conclude_run,
    config_of,
    hint_at_gpus,
    overrides_for,
    program_for,
    refuse_beside_resume,
    run_to_resume,
    submitted_in,
    what_of,
    words_of,
)
from automl.cli.running import follow as show
from automl.cli.scripts import is_script
from automl.cli.sites import Site, refuse_windows, site_here, site_of
from automl.cli.submitting import WHOLE, submit_script
from automl.cli.terminal import TEXT, Manner, print_text, touching_files
from automl.runtime.local.create import RUNS


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
    place: Context = None,
    contexts_of: ContextsOf = None,
    name: Name = None,
    set: Set = None,
    params_file: ParamsFile = None,
    strict: Strict = False,
    message_format: MessageFormat = TEXT,
    quiet: Quiet = False,
    format: ForPrograms = TEXT,
) -> None:
    """Run a config, or a script, in the background, here or on another machine; the first that is printed is the name of the run.

    automl submit --set learning_rate=0.01
    """
    refuse_windows()
    is_json, options = is_for_programs(format), words_of(context.params)
    manner = manner_of(quiet, strict, message_format)
    with asking(), touching_files("write"):
        site, submitted = _begin(context, options, manner) if resume is None else _go_on(context, options)
        if not is_json:
            print_text(f"{submitted}\n")
        elif not follow:
            print_json(asdict(site.engine.status(submitted)))
        if follow:
            conclude_run(site, show(site, submitted, quiet), is_json)


def _begin(context: typer.Context, options: Sequence[str], manner: Manner) -> tuple[Site, str]:
    params, what = context.params, what_of(context.params)
    given = config_of(what)
    contexts = None if is_script(what.path) else given
    if what.context and (contexts is None or params["contexts_of"] or not has_context(given, what.context)):
        what = what._replace(context=None)  # it says where to run it, and is not of this config
    site = site_of(params["runs"], params["place"], params["contexts_of"], contexts, given.folder / RUNS)
    if site.login is not None:
        refuse_beside(context, WHOLE, OF_RUNNER)
        return site, submit_script(site, site.login, what, given, manner)
    program = submitted_in(site.context, program_for(what, given, manner))
    if site.runs is None:
        refuse_unknown_steps(program.plan, params)
        return site, site.engine.submit(program, options)
    tasks = refuse_choice(program.plan, site.runs / "new", params)
    refuse_images(given, overrides_for(what), tasks, manner)
    submitted = site.engine.submit(program, options)
    hint_at_gpus(params, program.plan)
    return site, submitted


def _go_on(context: typer.Context, options: Sequence[str]) -> tuple[Site, str]:
    params = context.params
    site = site_of(params["runs"], params["place"], params["contexts_of"])
    if site.runs is None:
        refuse_beside_resume(context)
        if site.login is not None:
            refuse_beside(context, WHOLE, OF_RUNNER)
        return site, site.engine.resume(params["resume"], options)
    folder = run_to_resume(context)
    return site_here(folder.parent), site.engine.resume(folder.name, options)
