"""The command line as a whole: its commands, its own options, and how it ends."""

import gc
import os
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from automl.cli.terminal import BUG, NOBODY_READS, USAGE, open_streams, print_text, say
from automl.compiler import __version__
from automl.compiler.diagnostics import Code

RUNNING = ("run", "submit", "runs", "status", "logs", "stop", "get", "delete", "context")
COMPILING = ("compile", "validate", "expand", "files", "build", "targets", "explain", "schema")
COMMANDS = RUNNING + COMPILING  # a module of `commands` each


class Commands(TyperGroup):
    """The commands, of which only that is imported which is called; for a list of them, all."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings | {"commands": dict.fromkeys(COMMANDS)})

    def get_command(self, _: Any, name: str) -> Any:
        """The command of that name; None if there is none."""
        if name not in COMMANDS:
            return None
        module = import_module(f"automl.cli.commands.{name}")
        if hasattr(module, "group"):
            return typer.main.get_command(module.group)
        alone = typer.Typer(rich_markup_mode=None, add_completion=False)
        alone.command(name)(module.run)
        return typer.main.get_command(alone)


app = typer.Typer(
    cls=Commands,
    help="""Run one machine-learning workflow file here, and compile it for every engine.

    automl run config.yaml

    automl compile config.yaml -t argo | kubectl apply -f -

    Exit status: 0 fine, 1 the input has problems or the output is stale, 2 wrong usage or a file that cannot be
    read or written, 3 a bug of automl, 130 interrupted, 141 nobody read the output to its end.
    """,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> NoReturn:
    """Run the command line.

    What a compilation makes lives to its end, so nothing is collected on the way, and nothing taken down after it.
    """
    gc.disable()
    open_streams()
    status = _run()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # said already, or there is nobody to hear it
            if stream is not None:
                stream.flush()
    os._exit(status)


def _run() -> int:
    """The exit status. A bug of ours is one short line, unless `--debug` asks for all of it."""
    try:
        app()
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 0
    except Exception as error:  # whatever it is, the user gets a line and not a traceback
        if "--debug" in sys.argv:
            traceback.print_exc()
        if isinstance(error, OSError) and error.filename is None and error.errno in NOBODY_READS:
            say(f"automl: cannot write: {error.strerror}")
            return USAGE
        what = " ".join(f"{type(error).__name__}: {error}".split())
        say(f"error[{Code.INTERNAL}]: automl has a bug: {what}")
        say(" = help: run it again with `automl --debug …` and report what it prints")
        return BUG
    return 0


def _print_version(wanted: bool) -> None:
    if wanted:
        print_text(f"automl {__version__}\n")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Print the whole of an internal error.")] = False,
) -> None:
    if context.invoked_subcommand is None:
        print_text(f"{context.get_help()}\n")
