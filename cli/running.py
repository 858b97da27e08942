"""Starts runs on this machine, and shows how they go on."""

import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

from automl.cli.choices import choose, emit
from automl.cli.delivery import conclude
from automl.cli.inputs import read_all
from automl.cli.progress import view
from automl.cli.tables import advice, headline, steps, table
from automl.cli.terminal import PROBLEMS, Manner, cannot, print_text, touching_files, wrong_usage
from automl.compiler.diagnostics import in_order
from automl.compiler.driver import Overrides, analyse
from automl.compiler.views.text import printable
from automl.runs.local.places import runs_folder
from automl.runs.local.starting import start
from automl.runs.model import FAILED, STOPPED, SUCCEEDED, Run
from automl.runtime.local import reading
from automl.runtime.local.create import RUNS, Program, create
from automl.runtime.local.verbs import VerbError, find
from automl.targets.local.pieces import pieces

STATUS = {SUCCEEDED: 0, FAILED: PROBLEMS, STOPPED: 130}  # with which a command ends that has run a run
_ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LAST_LINES = 10  # of the log of a step that has failed


def program_of(path: str, overrides: Overrides, manner: Manner) -> tuple[Program, Path]:
    """What a config becomes here, and the folder for its runs; or the end of the command."""
    configs, unreadable = read_all([path])
    for line in unreadable:
        wrong_usage(line)
    [given] = configs
    try:
        workflow, diagnostics = analyse(given, overrides)
    except OSError as error:
        wrong_usage(cannot("read", error))
    if workflow is None:
        conclude(in_order(diagnostics), (), manner)
        raise typer.Exit(PROBLEMS)
    emission = emit(workflow, choose(["local"], form="plan")[0])
    diagnostics += emission.diagnostics
    conclude(in_order(diagnostics), (), manner)
    text = given.data.decode()
    return pieces(workflow, emission.artifacts[0].text, text), given.folder.absolute() / RUNS


def run_called(word: str, folder: str | None) -> Path:
    """The folder of a run that is there."""
    try:
        return find(Path(folder).absolute() if folder else runs_folder(), word)
    except VerbError as error:
        wrong_usage(str(error))


def made(program: Program, runs: Path) -> Path:
    """The folder of a new run."""
    with touching_files("write"):
        return create(program, runs)


def conduct(folder: Path, options: Sequence[str], quiet: bool) -> None:
    """Run what is in the folder of a run, show it, and end with the status that says how it went."""
    since = reading.Reading(folder).size
    process = start(folder, options)
    with _asked_to_end(process):
        run = _shown(folder, since, process, quiet)
    process.wait()
    print_text(ending(run))
    raise typer.Exit(STATUS.get(run.state, PROBLEMS))


def _shown(folder: Path, since: int, process: subprocess.Popen[bytes], quiet: bool) -> Run:
    run: Run | None = None
    with view(quiet) as shown:
        for content in reading.watch(folder, since, lambda: process.poll() is None):
            run = Run.of(content) if content else run
            shown.show(Run.of(content) if content else None)
    assert run is not None
    return run


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


def ending(run: Run) -> str:
    """What there is to say when a run has ended: how each step went, why it failed, and what to do now."""
    now = time.time()
    parts = [f"{headline(run, now)}\n", table(steps(run, now))]
    parts += [_end_of_log(Path(run.folder), task.name) for task in run.within(FAILED)]
    commands = advice(run)
    width = max((len(command) for command, _ in commands), default=0)
    parts.append("".join(f"{command.ljust(width)}   # {what}\n" for command, what in commands))
    return "\n".join(part for part in parts if part)


def _end_of_log(folder: Path, name: str) -> str:
    log = folder / "tasks" / name / "log"
    if not log.exists():
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
    return "".join([f"The end of the log of {name}:\n", *(f"  {printable(line)}\n" for line in lines)])
