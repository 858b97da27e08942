"""Starts runs on this machine, and shows how they go on."""

import argparse
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NoReturn

import typer

from automl.cli.account import account, ends_of_logs
from automl.cli.choices import Choice, choose, emit
from automl.cli.chosen import refuse_choice
from automl.cli.delivery import conclude, given_params
from automl.cli.engines import asking, folder_to_resume, print_json, refuse_beside
from automl.cli.images import refuse_images
from automl.cli.inputs import read_all
from automl.cli.progress import view
from automl.cli.scripts import Flags, config_for, is_script, refuse
from automl.cli.sites import Site, refuse_elsewhere, refuse_windows
from automl.cli.terminal import PROBLEMS, USAGE, Manner, cannot, print_text, say, touching_files, wrong_usage
from automl.compiler.diagnostics import in_order
from automl.compiler.driver import Input, Overrides, analyse
from automl.compiler.ir import Workflow
from automl.compiler.records import NamedTuple
from automl.runs.engine import LostError
from automl.runs.model import FAILED, STOPPED, SUCCEEDED, Run
from automl.runtime.local import machine
from automl.runtime.local.command_line import add_options
from automl.runtime.local.create import RUNS, Program, create
from automl.runtime.local.gpus import are_asked_for
from automl.runtime.local.plan import Plan
from automl.runtime.local.reading import Reading
from automl.runtime.local.starting import start
from automl.runtime.local.watching import watch
from automl.targets.local.pieces import pieces

INTERRUPTED = 130
STATUS = {
    SUCCEEDED: 0,
    FAILED: PROBLEMS,
    STOPPED: INTERRUPTED,
}  # with which a command ends that has run a run
OF_RUNNER = (
    "only",
    "since",
    "jobs",
    "stop_services",
    "priority",
    "cpus",
    "memory",
    "gpus",
    "no_queue",
    "fresh",
)
OF_NEW_RUNS = ("config", *Flags._fields, "name", "set", "params_file", "print_config")
NAMES = {"since": "from"}  # which is a word of Python
_ASKING = ("SIGINT", "SIGTERM", "SIGHUP")


class What(NamedTuple):
    """What is to be run: a config or a script, and what the command line says of it."""

    path: str
    flags: Flags
    name: str | None
    set: Sequence[str]
    params_file: str | None
    context: str | None = None


def what_of(params: Mapping[str, Any]) -> What:
    """What the parameters of a command name."""
    refuse_windows()
    given: dict[str, Any] = {name: params[name] for name in Flags._fields if params[name]}
    said = (params["name"], params["set"] or (), params["params_file"], params["place"])
    return What(params["config"], Flags(**given), *said)


def config_of(what: What) -> Input:
    """The config that is to be run, or the end of the command."""
    if is_script(what.path):
        return config_for(what.path, what.flags, what.set)
    refuse(what.flags)
    configs, unreadable = read_all([what.path])
    for line in unreadable:
        wrong_usage(line)
    return configs[0]


def program_for(what: What, given: Input, manner: Manner) -> Program:
    """What becomes of its config here, or the end of the command."""
    return program_of(given, overrides_for(what), manner)


def submitted_in(context: str | None, program: Program) -> Program:
    """The program of a run whose record says in which context it was submitted."""
    return replace(program, details={**program.details, "context": context}) if context else program


def overrides_for(what: What) -> Overrides:
    """What the command line says instead of the config; a script has taken its values already."""
    params = given_params((), None) if is_script(what.path) else given_params(what.set, what.params_file)
    return Overrides(what.name, None, params, what.context)


def program_of(given: Input, overrides: Overrides, manner: Manner) -> Program:
    """What a config becomes here, or the end of the command."""
    workflow, plan = compiled(given, overrides, choose(["local"], form="plan")[0], manner)
    return pieces(workflow, plan, given.data.decode())


def compiled(given: Input, overrides: Overrides, choice: Choice, manner: Manner) -> tuple[Workflow, str]:
    """What runs a config once and now, or the end of the command."""
    try:
        workflow, diagnostics = analyse(given, overrides)
    except OSError as error:
        wrong_usage(cannot("read", error))
    if workflow is None:
        conclude(in_order(diagnostics), (), manner)
        raise typer.Exit(PROBLEMS)
    emission = emit(workflow._replace(schedule=None), choice)
    conclude(in_order([*diagnostics, *emission.diagnostics]), (), manner)
    return workflow, emission.artifacts[0].text


def run_to_resume(context: typer.Context) -> Path:
    """The folder of the run that is to go on, or the end of a command line that wants what it cannot do."""
    refuse_beside_resume(context)
    with asking():
        folder = folder_to_resume(context.params["runs"], context.params["resume"])
    if problem := Reading(folder).problem:
        wrong_usage(f"{folder.name} cannot go on: {problem}")
    refuse_choice((folder / "plan.json").read_text(encoding="utf-8"), folder, context.params)
    return folder


def refuse_beside_resume(context: typer.Context) -> None:
    """End a command line that says of a run that is there what only a new one can be told."""
    refuse_beside(context, "--resume goes on with a run as it was made", OF_NEW_RUNS)


def new_run(what: What, params: Mapping[str, Any], manner: Manner) -> Path:
    """The folder of a new run, in a folder that is given or beside the config."""
    given = config_of(what)
    if what.context is not None:
        refuse_elsewhere(what.context, given)
    program = submitted_in(what.context, program_for(what, given, manner))
    runs = Path(params["runs"] or given.folder / RUNS).absolute()
    refuse_images(given, overrides_for(what), refuse_choice(program.plan, runs / "new", params), manner)
    with touching_files("write"):
        folder = create(program, runs)
    if not manner.quiet:
        say(f"run {folder.name}, in {folder}")
    hint_at_gpus(params, program.plan)
    return folder


def words_of(params: Mapping[str, Any]) -> list[str]:
    """What the parameters of a command say to a runner, as the words of its command line."""
    said: list[str] = []
    for name in OF_RUNNER:
        value, option = params[name], f"--{NAMES.get(name, name).replace('_', '-')}"
        values = value if isinstance(value, (list, tuple)) else [value]
        for one in values:
            said += [option] if one is True else [] if one in (None, False) else [f"{option}={one}"]
    asked = _Words(add_help=False)
    add_options(asked)
    asked.parse_args(said)
    return said


def hint_at_gpus(params: Mapping[str, Any], plan: str) -> None:
    """Say that a new run uses no GPU, where there may be some: its own words go to a file."""
    is_silent = params["quiet"] or params["gpus"] or params["no_queue"]
    if not is_silent and not are_asked_for(Plan.from_json(plan).tasks) and machine.hides_gpus():
        say(machine.HIDDEN)


class _Words(argparse.ArgumentParser):
    """Reads what a runner would read, to end a command before there is a run."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong."""
        wrong_usage(message.removeprefix("argument "))


def conduct(folder: Path, options: Iterable[str], quiet: bool) -> tuple[Run, int]:
    """Run what is in the folder of a run, and show it until it has ended; the status is that of the command."""
    since = Reading(folder).size
    with touching_files("write"):
        process = start(folder, [*options])
    with _asked_to_end(process):
        told = watch(folder, since, lambda: process.poll() is None)
        run = _shown((Run.of(content) if content else None for content in told), quiet)
    refused = process.wait() == USAGE
    return run, USAGE if refused else STATUS.get(run.state, PROBLEMS)


def follow(site: Site, name: str, quiet: bool) -> Run:
    """Show a run that goes on by itself until it has ended; an interrupt ends this alone."""
    goes_on = f"{name} goes on: `automl logs {name} -f{site.options}`, `automl stop {name}{site.options}`"
    try:
        return _shown(site.engine.watch(name), quiet)
    except KeyboardInterrupt:
        say(goes_on)
        raise typer.Exit(INTERRUPTED) from None
    except LostError as error:
        raise LostError(*error.args, goes_on) from None


def conclude_run(site: Site, run: Run, is_json: bool = False, status: int | None = None) -> None:
    """Say how a run went, and end with a status that says the same."""
    if is_json:
        print_json(asdict(run))
    else:
        print_text(account(run, site, ends_of_logs(site.engine, run)))
    raise typer.Exit(STATUS.get(run.state, PROBLEMS) if status is None else status)


def _shown(changes: Iterable[Run | None], quiet: bool) -> Run:
    last: Run | None = None
    with view(quiet) as shown:
        for run in changes:
            shown.show(run)
            last = run or last
    assert last is not None
    return last


@contextmanager
def _asked_to_end(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Within it, who wants the command to end wants the run to end, which takes a moment; twice: at once."""

    def ask(number: int, _: object) -> None:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)

    numbers = [signal.Signals[name] for name in _ASKING]
    numbers = [
        number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN
    ]  # as `nohup` has it
    before = [(number, signal.signal(number, ask)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
