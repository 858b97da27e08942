"""What several commands do with configs: compile them, say what was found, write or compare what came of it."""

from collections.abc import Sequence
from pathlib import Path

import typer

from automl.cli import batch
from automl.cli.batch import Compiled, Request
from automl.cli.choices import Choice, ChoiceError, FailedTargetError, choose
from automl.cli.inputs import UnreadableError, read_params
from automl.cli.options import message_formats
from automl.cli.output import OutputError, destination, write_files
from automl.cli.terminal import (
    PROBLEMS,
    TEXT,
    USAGE,
    Manner,
    cannot,
    hint,
    print_text,
    report,
    say,
    touching_files,
    wrong_usage,
)
from automl.compiler.diagnostics import Diagnostic
from automl.compiler.driver import Input
from automl.compiler.params.given import Given
from automl.compiler.target import Artifact


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


def _places(output: str, compiled: Sequence[Compiled]) -> dict[Path, Artifact]:
    try:
        return destination(output, batch.artifacts(compiled))
    except OutputError as error:
        wrong_usage(str(error))


def write_output(output: str, compiled: Sequence[Compiled], force: bool, manner: Manner) -> None:
    """Write the artifacts, and say where on a terminal."""
    with touching_files("write"):
        places = _places(output, compiled)
        try:
            write_files(places, batch.inputs(compiled), force)
        except OutputError as error:
            wrong_usage(str(error))
    for path in () if manner.quiet else places:
        hint(f"wrote {path}")


def check_output(
    output: str, compiled: Sequence[Compiled], diagnostics: Sequence[Diagnostic], manner: Manner
) -> None:
    """Print how the files that are there differ, and end as `conclude` does."""
    from automl.cli.staleness import check_files

    with touching_files("read"):
        stale = check_files({path: artifact.text for path, artifact in _places(output, compiled).items()})
    print_text("".join(difference.diff for difference in stale))
    conclude([*diagnostics, *(difference.diagnostic for difference in stale)], (), manner)
