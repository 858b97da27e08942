"""What several commands do with configs: compile them, and say what was found."""

from collections.abc import Sequence

import typer

from automl.cli import batch
from automl.cli.batch import Compiled, Request
from automl.cli.choices import Choice, ChoiceError, FailedTargetError, choose
from automl.cli.inputs import UnreadableError, read_params
from automl.cli.options import message_formats
from automl.cli.terminal import (
    PROBLEMS,
    TEXT,
    USAGE,
    Manner,
    cannot,
    report,
    say,
    wrong_usage,
)
from automl.compiler.diagnostics import Diagnostic
from automl.compiler.driver import Input
from automl.compiler.params.given import Given


def chosen(names: Sequence[str], version: str | None, form: str | None, format: str = "yaml") -> list[Choice]:
    """The targets of a command line, or its end."""
    try:
        return choose(names, version, form, format)
    except ChoiceError as error:
        wrong_usage(str(error))


def given_params(assignments: Sequence[str] | None, path: str | None) -> Given:
    """What a command line gives for the parameters, or its end."""
    try:
        return read_params(assignments or (), path)
    except UnreadableError as error:
        wrong_usage(str(error))


def manner_of(quiet: bool, strict: bool, format: str, is_product: bool = False) -> Manner:
    """How findings are said, or the end of a command line that asks for another way."""
    if format != TEXT and format not in (known := message_formats()):
        wrong_usage(f'there is no message format "{format}"; known formats: {", ".join(known)}')
    return Manner(quiet, strict, format, is_product)


def compile_configs(
    given: Sequence[Input], unreadable: list[str], request: Request
) -> tuple[list[Compiled], list[Diagnostic]]:
    """Every config for every target, and what is to be said of them; a line more in `unreadable` where one is not."""
    compiled: list[Compiled] = []
    for config in given:
        try:
            compiled.append(batch.compile_one(config, request))
        except OSError as error:
            unreadable.append(cannot("read", error))
        except FailedTargetError as error:
            wrong_usage(str(error))
    return compiled, batch.diagnostics(compiled, request)


def conclude(diagnostics: Sequence[Diagnostic], unreadable: Sequence[str], manner: Manner) -> None:
    """Say what was found, and end here if that is too bad to go on."""
    is_refused = report(diagnostics, manner)
    for line in unreadable:
        say(f"automl: {line}")
    if unreadable or is_refused:
        raise typer.Exit(USAGE if unreadable else PROBLEMS)
