"""What the commands ask of an engine, and how its answers are shown."""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from automl.cli.sites import site_here
from automl.cli.terminal import TEXT, print_text, say, touching_files, wrong_usage
from automl.compiler.patterns import regex
from automl.runs.engine import EngineError
from automl.runs.model import ENDED

JSON = "json"
_HIDDEN = regex("[\x7f-\x9f\ud800-\udfff\u2028\u2029]")


def _complete_run(context: typer.Context, incomplete: str) -> list[str]:
    """The names of runs, the newest first."""
    if context.params.get("place"):  # it may ask for a password
        return ["last"]
    names = [run.id for run in site_here(context.params.get("runs")).engine.runs()]
    return [name for name in [*reversed(names), "last"] if name.startswith(incomplete)]


RunName = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="Name of a run, its beginning or its last letters; `last` is the one made last.",
        autocompletion=_complete_run,
        show_default=False,
    ),
]
RunNames = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="RUN...",
        help="Names of runs, their beginnings or their last letters; `last` is the one made last.",
        autocompletion=_complete_run,
        show_default=False,
    ),
]
ForPrograms = Annotated[
    str,
    typer.Option("--format", metavar="FORMAT", help="text or json.", autocompletion=lambda: [TEXT, JSON]),
]


def folder_to_resume(runs: str | None, name: str) -> Path:
    """Where a run is that does not go on. EngineError if there is none."""
    known = site_here(runs).engine.status(name)
    if known.state not in ENDED:
        raise EngineError(f"{known.id} is {known.state} already: `automl status {known.id}`")
    return Path(known.folder)


def refuse_beside(context: typer.Context, what: str, names: Collection[str]) -> None:
    """End a command line that says something of which nothing would come."""
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.name in names and source is not None and source.name == "COMMANDLINE":
            said = parameter.opts[0] if parameter.param_type_name == "option" else f"the {parameter.name}"
            wrong_usage(f"{what}: leave {said} out")


@contextmanager
def asking() -> Iterator[None]:
    """Within it, what an engine cannot do is the end of the command, and so is a record that cannot be read."""
    try:
        with touching_files("read"):
            yield
    except EngineError as error:
        *lines, last = map(str, error.args)
        for line in lines:
            say(f"automl: {line}")
        wrong_usage(last)


def is_for_programs(format: str) -> bool:
    """Whether JSON is wanted; the end of a command line that wants something else."""
    if format not in (TEXT, JSON):
        wrong_usage(f'there is no format "{format}"; known formats: {TEXT}, {JSON}')
    return format == JSON


def print_json(content: Any) -> None:
    """A product for programs; what would drive a terminal, or is no text, is escaped as JSON has it."""
    text = json.dumps(content, indent=2, ensure_ascii=False)
    escaped = _HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    print_text(f"{escaped}\n")
