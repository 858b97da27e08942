"""What the command line says: the product on stdout, everything else on stderr, and the exit status."""

import errno
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TextIO

import typer

from automl.compiler.diagnostics import Diagnostic, Severity, has_errors
from automl.compiler.records import NamedTuple
from automl.compiler.views.printable import printable

PROBLEMS, USAGE, BUG, CLOSED_PIPE = 1, 2, 3, 141
TEXT = "text"
NOBODY_READS = (errno.ENOSPC, errno.EPIPE, errno.EIO, errno.EBADF, errno.EFBIG)
"""What becomes of writing to a stream that takes nothing."""


def open_streams() -> None:
    """Give a process that was started without stderr one that leads nowhere, so that messages cost no work."""
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 for the whole of the process


def say(line: str) -> None:
    """A line on stderr, with what would drive a terminal escaped. A stderr that takes nothing is no error."""
    _write_message(f"{printable(line)}\n")


def hint(line: str) -> None:
    """A line for somebody who sits there."""
    if sys.stderr.isatty():
        say(line)


def _write_message(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        _silence(sys.stderr)


def _silence(stream: TextIO) -> None:
    """Let what is not written yet go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Manner(NamedTuple):
    """How findings are said: the errors only, warnings as errors, in which format, and where.

    A format for programs goes to stdout if nothing else does.
    """

    quiet: bool = False
    strict: bool = False
    format: str = TEXT
    is_product: bool = False

    @property
    def refused(self) -> Severity:
        """What ends a command with status 1, and is said in any case."""
        return Severity.WARNING if self.strict else Severity.ERROR


def are_refused(diagnostics: Iterable[Diagnostic], manner: Manner) -> bool:
    """Whether one of them ends the command with status 1."""
    return any(diagnostic.severity <= manner.refused for diagnostic in diagnostics)


def report(diagnostics: Sequence[Diagnostic], manner: Manner) -> bool:
    """Print what was found. Whether it is refused."""
    shown = [
        diagnostic for diagnostic in diagnostics if not manner.quiet or diagnostic.severity <= manner.refused
    ]
    if manner.format != TEXT:
        from automl.compiler.views.formats import FORMATS

        write = print_text if manner.is_product else _write_message
        write(FORMATS[manner.format](shown))
        return are_refused(shown, manner)
    if shown:
        from automl.compiler.views.text import render, summary

        _write_message(render(shown, colour=_has_colour()))
        if counts := summary(shown):
            _write_message(f"{counts}\n")
    if are_refused(shown, manner) and not has_errors(shown):
        say("automl: warnings are errors here: --strict")
    return are_refused(shown, manner)


def _has_colour() -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stderr.isatty()


def print_text(text: str | Iterable[str]) -> None:
    """The product, or the pieces of it, whole and as UTF-8, whatever the locale says."""
    print_pieces(piece.encode() for piece in ((text,) if isinstance(text, str) else text))


def print_lines(lines: Iterable[bytes]) -> None:
    """A line for each text of which nothing is known, for programs as it is; a terminal is not driven by it."""
    if sys.stdout is not None and sys.stdout.isatty():
        lines = (printable(line.decode(errors="surrogateescape")).encode() for line in lines)
    print_pieces((b"".join(line + b"\n" for line in lines),))


def print_pieces(pieces: Iterable[bytes]) -> None:
    """The product as it comes."""
    if sys.stdout is None:
        wrong_usage("cannot write to standard output: it is closed")
    for piece in pieces:
        try:
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
        except OSError as error:
            _silence(sys.stdout)
            if isinstance(error, BrokenPipeError):
                raise typer.Exit(CLOSED_PIPE) from None
            wrong_usage(f"cannot write to standard output: {error.strerror}")


@contextmanager
def touching_files(verb: str) -> Iterator[None]:
    """Within it, a file that cannot be read or written is no bug of ours."""
    try:
        yield
    except OSError as error:
        wrong_usage(cannot(verb, error))


def cannot(verb: str, error: OSError) -> str:
    """A line on a file that cannot be read or written. An error of something else is raised again."""
    if error.filename is None:
        raise error
    return f'cannot {verb} "{error.filename}": {error.strerror}'


def wrong_usage(message: str) -> NoReturn:
    """End with one line and the status of a wrong command line."""
    say(f"automl: {message}")
    raise typer.Exit(USAGE)
