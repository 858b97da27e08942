"""The command line as a whole: its commands, its own options, and how it ends."""

import gc
import os
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from automl.cli.terminal import BUG, NOBODY_READS, USAGE, open_streams, print_text, say
from automl.compiler import __version__
from automl.compiler.diagnostics import Code
from automl.compiler.patterns import compiled_later

COMMANDS = {
    "run": "Run a config or a script on this machine, and keep a record.",
    "submit": "Run a config or a script in the background, here or elsewhere.",
    "runs": "List the runs of this project, or the trials of one.",
    "status": "Say how a run is, and each of its steps.",
    "logs": "Print what the steps of a run have printed.",
    "stop": "Stop runs, and wait until nothing of them runs any more.",
    "get": "Take what a run has left: files and values.",
    "delete": "Delete the records of runs, with all that they have left.",
    "context": "Your own places to run workflows.",
    "compile": "Compile configs and print the result, or write it with -o.",
    "validate": "Check configs without compiling them.",
    "build": "Print the Dockerfile of the images for a project.",
    "expand": "List the trials that a config means.",
    "files": "List the project's files, and why others are left out.",
    "targets": "List what automl compiles for, with the versions.",
    "explain": "Say what a message means and what to do about it.",
    "schema": "Print the JSON Schema of a config, for editors.",
}
"""What the list of commands says of each, in its order; a command is a module of `commands`."""


class Command(TyperCommand):
    """A command whose module is imported when it is called, and for no list."""

    def make_context(self, *arguments: Any, **settings: Any) -> Any:
        """The context of the command itself."""
        assert self.name
        return _imported(self.name).make_context(*arguments, **settings)


def _imported(name: str) -> Any:
    with compiled_later():
        module = import_module(f"automl.cli.commands.{name}")
    if hasattr(module, "group"):
        return typer.main.get_command(module.group)
    alone = typer.Typer(rich_markup_mode=None, add_completion=False)
    alone.command(name)(module.run)
    return typer.main.get_command(alone)


class Commands(TyperGroup):
    """The commands, of which only that is imported which is called."""

    def __init__(self, **settings: Any) -> None:
        commands = {name: Command(name, help=sentence) for name, sentence in COMMANDS.items()}
        super().__init__(**settings | {"commands": commands})


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
