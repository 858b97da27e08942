"""What there is to say of a run: how each step went, why it failed, and what to do now."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from automl.cli.sites import Site
from automl.cli.tables import headline, steps, table, taken_over, without_styles
from automl.compiler.views.printable import printable
from automl.runs.engine import Engine, EngineError
from automl.runs.model import FAILED, RUNNING, STOPPED, SUCCEEDED, WAITING, Run

_LAST_LINES = 10  # of the log of a step that has failed
_MOST_LOGS = 3


def account(run: Run, site: Site, logs: Mapping[str, Sequence[str]] = {}) -> str:
    """All of it, with the ends of some logs."""
    now = time.time()
    parts = [f"{headline(run, now)}\n", table(steps(run, now))]
    parts.append("".join(f"{printable(line)}\n" for line in _taken_over(run)))
    parts += [_end_of(name, lines) for name, lines in logs.items()]
    commands = advice(run, site)
    width = max((len(command) for command, _ in commands), default=0)
    parts.append("".join(f"{printable(command).ljust(width)}   # {what}\n" for command, what in commands))
    return "\n".join(part for part in parts if part)


def ends_of_logs(engine: Engine[Any], run: Run) -> dict[str, list[str]]:
    """The last lines of the steps that have failed."""
    ends: dict[str, list[str]] = {}
    for task in run.within(FAILED)[:_MOST_LOGS]:
        try:
            content = b"".join(engine.logs(run.id, task.name, follow=False))
        except EngineError:
            continue
        ends[task.name] = content.decode(errors="replace").splitlines()[-_LAST_LINES:]
    return ends


def advice(run: Run, site: Site) -> list[tuple[str, str]]:
    """Commands that help now, and what each does."""
    where = site.options_for(run)
    lines = [(f"automl logs {run.id} {task.name}{where}", "its whole log") for task in run.within(FAILED)]
    if run.state in (FAILED, STOPPED):
        verb = "run" if site.runs else "submit"
        lines.append(
            (f"automl {verb} --resume {run.id}{where}", "go on: what has succeeded is not run again")
        )
    if run.state in (WAITING, RUNNING):
        lines.append((f"automl logs {run.id} -f{where}", "what its steps print"))
        lines.append((f"automl stop {run.id}{where}", "end it"))
    if run.state == SUCCEEDED and any(task.files for task in run.tasks):
        lines.append((f"automl get {run.id}{where}", "the files that it has left"))
    return lines[-4:]


def _taken_over(run: Run) -> list[str]:
    said = {task.name: taken_over(task) for task in run.tasks}
    return [f"{name}: {words}; --fresh runs them again" for name, words in said.items() if words]


def _end_of(name: str, lines: Sequence[str]) -> str:
    shown = (f"  {printable(without_styles(line))}\n" for line in lines)
    return "".join([f"The end of the log of {printable(name)}:\n", *shown])
