"""Submits what a config compiles to for Slurm: a script, on a login node of the cluster."""

import re

import typer

from automl.cli.contexts import Asked, choices_in
from automl.cli.running import INTERRUPTED, What, compiled, overrides_for
from automl.cli.sites import SLURM, Site
from automl.cli.terminal import PROBLEMS, USAGE, Manner, hint, report, say
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.driver import Input
from automl.compiler.ir import Workflow
from automl.runs.engine import EngineError, LostError
from automl.runs.slurm.login import Login, PartError, Script
from automl.runtime.local.create import name_for

_REFUSED = re.compile(r"Slurm did not take the job of ([a-z0-9.-]+)")
_KEYS = {
    "account": "account",
    "partition": "partition",
    "qos": "qos",
    "feature": "constraint",
    "time limit": "time",
}
"""What Slurm calls what a config says, and the keys."""
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
        _say(error, workflow, manner)
        say(f"automl: {run} is there in part: {resume} submits the rest, {stop} cancels it")
        raise typer.Exit(PROBLEMS) from None
    except LostError as error:
        raise LostError(*error.args, unsure) from None
    except EngineError as error:
        _say(error, workflow, manner)
        raise typer.Exit(USAGE) from None
    except KeyboardInterrupt:
        say(f"automl: {unsure}")
        raise typer.Exit(INTERRUPTED) from None
    if not manner.quiet:
        hint(f"{jobs} jobs submitted: `automl logs {run} -f{site.options}`, {stop}")
    return run


def _say(error: EngineError, workflow: Workflow, manner: Manner) -> None:
    """Say why a script has submitted less than it should; where it is about a step, at that."""
    refused = _REFUSED.search(str(error.args[-1]))
    task = next((task for task in workflow.tasks if refused and task.name == refused[1]), None)
    for line in error.args[:-1] if task else error.args:
        say(f"automl: {line}")
    if task is not None:
        options, words = task.options(SLURM), " ".join(map(str, error.args)).lower()
        keys = [key for word, key in _KEYS.items() if word in words]
        places = [options.place(key) for key in keys] + ([task.place("queue")] if "partition" in keys else [])
        message = f'Slurm did not take the job of "{task.step}"'
        place = next(filter(None, places), task.span)
        report([Diagnostic(Code.CANNOT_SAY, message, place)], manner)
