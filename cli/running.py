"""Starts runs on this machine, and shows how they go on."""

import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import typer

from automl.cli.account import account, ends_of_logs
from automl.cli.choices import choose, emit
from automl.cli.delivery import conclude
from automl.cli.inputs import read_all
from automl.cli.progress import view
from automl.cli.terminal import PROBLEMS, Manner, cannot, print_text, say, wrong_usage
from automl.compiler.diagnostics import in_order
from automl.compiler.driver import Input, Overrides, analyse
from automl.runs.engine import Engine
from automl.runs.local.starting import start
from automl.runs.model import FAILED, STOPPED, SUCCEEDED, Run
from automl.runtime.local.create import RUNS, Program
from automl.runtime.local.reading import Reading, watch
from automl.targets.local.pieces import pieces

INTERRUPTED = 130
STATUS = {
    SUCCEEDED: 0,
    FAILED: PROBLEMS,
    STOPPED: INTERRUPTED,
}  # with which a command ends that has run a run
_ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def config_at(path: str) -> Input:
    """The config that a path stands for, or the end of the command."""
    configs, unreadable = read_all([path])
    for line in unreadable:
        wrong_usage(line)
    return configs[0]


def runs_beside(config: Input) -> Path:
    """Where the runs of a config are recorded."""
    return config.folder.absolute() / RUNS


def program_of(given: Input, overrides: Overrides, manner: Manner) -> Program:
    """What a config becomes here, or the end of the command."""
    try:
        workflow, diagnostics = analyse(given, overrides)
    except OSError as error:
        wrong_usage(cannot("read", error))
    if workflow is None:
        conclude(in_order(diagnostics), (), manner)
        raise typer.Exit(PROBLEMS)
    emission = emit(workflow, choose(["local"], form="plan")[0])
    conclude(in_order([*diagnostics, *emission.diagnostics]), (), manner)
    return pieces(workflow, emission.artifacts[0].text, given.data.decode())


def words(options: Mapping[str, object]) -> list[str]:
    """Options of a runner that somebody has given, as the words of a command line."""
    said: list[str] = []
    for name, value in options.items():
        values = value if isinstance(value, list) else [value]
        for one in values:
            said += [name] if one is True else [] if one in (None, False) else [f"{name}={one}"]
    return said


def conduct(folder: Path, options: Iterable[str], quiet: bool) -> Run:
    """Run what is in the folder of a run, and show it until it has ended."""
    since = Reading(folder).size
    process = start(folder, [*options])
    with _asked_to_end(process):
        told = watch(folder, since, lambda: process.poll() is None)
        run = _shown((Run.of(content) if content else None for content in told), quiet)
    process.wait()
    return run


def follow(engine: Engine[Program], name: str, quiet: bool) -> Run:
    """Show a run that goes on by itself until it has ended; an interrupt ends this alone."""
    try:
        return _shown(engine.watch(name), quiet)
    except KeyboardInterrupt:
        say(f"{name} goes on: `automl logs {name} -f`, `automl stop {name}`")
        raise typer.Exit(INTERRUPTED) from None


def conclude_run(engine: Engine[Program], run: Run) -> None:
    """Say how a run went, and end with the status that says the same."""
    print_text(account(run, ends_of_logs(engine, run)))
    raise typer.Exit(STATUS.get(run.state, PROBLEMS))


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
            process.send_signal(signal.SIGINT)

    before = [(number, signal.signal(number, ask)) for number in _ASKING]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
