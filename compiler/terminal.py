"""What the command line says: the product on stdout, everything else on stderr, and the exit status."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

import typer

from automl.compiler.diagnostics import Diagnostic, Severity
from automl.compiler.render import render, summary

PROBLEMS, USAGE, BUG, CLOSED_PIPE = 1, 2, 3, 141


def report(diagnostics: Sequence[Diagnostic], quiet: bool) -> None:
    """Print what was found; `quiet`: the errors only."""
    shown = [each for each in diagnostics if not quiet or each.severity is Severity.ERROR]
    if shown:
        sys.stderr.write(render(shown, colour=_has_colour()))
        if counts := summary(shown):
            sys.stderr.write(f"{counts}\n")


def _has_colour() -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stderr.isatty()


def print_text(text: str) -> None:
    """The product, whole and as UTF-8, whatever the locale says."""
    if sys.stdout is None:
        wrong_usage("cannot write to standard output: it is closed")
    try:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing is left to be flushed
        if isinstance(error, BrokenPipeError):
            raise typer.Exit(CLOSED_PIPE) from None
        wrong_usage(f"cannot write to standard output: {error.strerror}")


@contextmanager
def touching_files(verb: str) -> Iterator[None]:
    """Within it, a file that cannot be read or written is no bug of ours."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            raise
        wrong_usage(f'cannot {verb} "{error.filename}": {error.strerror}')


def wrong_usage(message: str) -> NoReturn:
    """End with one line and the status of a wrong command line."""
    typer.echo(f"automl: {message}", err=True)
    raise typer.Exit(USAGE)
