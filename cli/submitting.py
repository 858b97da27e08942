"""Submits what a config compiles to for Slurm: a script, on a login node of the cluster."""

import typer

from automl.cli.contexts import Asked, choices_in
from automl.cli.running import INTERRUPTED, What, compiled, overrides_for
from automl.cli.sites import SLURM, Site
from automl.cli.terminal import PROBLEMS, Manner, hint, say
from automl.compiler.driver import Input
from automl.runs.engine import LostError
from automl.runs.slurm.login import Login, PartError, Script
from automl.runtime.local.create import name_for

WHOLE = "Slurm has the whole workflow, and says itself what runs when"


def submit_script(site: Site, login: Login, what: What, given: Input, manner: Manner) -> str:
    """The name of a run of a config, whose jobs are submitted; or the end of the command."""
    [choice] = choices_in(what.context, Asked([SLURM], None, None), [given], manner)
    workflow, text = compiled(given, overrides_for(what), choice, manner)
    run = name_for(workflow.name)
    status, stop, resume = (
        f"`automl {verb} {run}{site.options}`" for verb in ("status", "stop", "submit --resume")
    )
    unsure = f"{run} may be submitted, or be so soon: {status} knows; {resume} submits what is left, {stop} ends it"
    try:
        jobs = login.submit(Script(text, run))
    except PartError as error:
        for line in error.args:
            say(f"automl: {line}")
        say(f"automl: {run} is there in part: {resume} submits the rest, {stop} cancels it")
        raise typer.Exit(PROBLEMS) from None
    except LostError as error:
        raise LostError(*error.args, unsure) from None
    except KeyboardInterrupt:
        say(f"automl: {unsure}")
        raise typer.Exit(INTERRUPTED) from None
    if not manner.quiet:
        hint(f"{jobs} jobs submitted: `automl logs {run} -f{site.options}`, {stop}")
    return run
