"""The command line: what the commands do, one after the other."""

import gc
import os
import sys
import traceback
from contextlib import suppress
from typing import Annotated, NoReturn

import typer

from automl import targets
from automl.compiler import __version__, batch
from automl.compiler.choices import (
    ChoiceError,
    choose,
    every_choice,
    what_to_choose,
)
from automl.compiler.delivery import check_output, chosen, compile_configs, conclude, manner_of, write_output
from automl.compiler.diagnostics import Code, in_order
from automl.compiler.driver import Overrides, analyse_files
from automl.compiler.inputs import STDIN, read_all
from automl.compiler.options import (
    Check,
    Files,
    Force,
    Form,
    Format,
    MessageFormat,
    Name,
    Namespace,
    Output,
    Quiet,
    Strict,
    Targets,
    Version,
)
from automl.compiler.target import Target
from automl.compiler.terminal import (
    BUG,
    NOBODY_READS,
    PROBLEMS,
    TEXT,
    USAGE,
    Manner,
    are_refused,
    open_streams,
    print_text,
    report,
    say,
    touching_files,
    wrong_usage,
)

app = typer.Typer(
    help="""Compile one machine-learning workflow file for every engine.

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


@app.command("compile")
def compile_command(
    files: Files = None,
    target: Targets = None,
    output: Output = None,
    check: Check = False,
    name: Name = None,
    namespace: Namespace = None,
    format: Format = "yaml",
    target_version: Version = None,
    form: Form = None,
    force: Force = False,
    strict: Strict = False,
    message_format: MessageFormat = TEXT,
    quiet: Quiet = False,
) -> None:
    """Compile configs and print the result, or write it with -o.

    automl compile config.yaml -t argo | kubectl apply -f -

    automl compile config.yaml -t argo -o manifests/ --check

    automl compile pipelines/*.automl.yaml -t argo -t kubernetes -o manifests/
    """
    choices = chosen(target or (), target_version, form, format)
    given, unreadable = read_all(files or ())
    if not choices:
        wrong_usage(what_to_choose())
    if check and output in (None, STDIN):
        wrong_usage("--check needs -o, the file or folder to compare with")
    count = len(given) + len(unreadable)
    if name is not None and count > 1:
        wrong_usage("--name is the name of one workflow, and there are several configs")
    if count * len(choices) > 1 and output in (None, STDIN):
        wrong_usage("several configs or targets need a folder to write to: -o DIR/")
    manner = manner_of(quiet, strict, message_format)
    compiled, found = compile_configs(given, unreadable, Overrides(name, namespace), choices)
    found += batch.same_paths(compiled)
    if output is None or output == STDIN or unreadable or are_refused(found, manner):
        conclude(found, unreadable, manner)
        print_text("".join(artifact.text for artifact in batch.artifacts(compiled)))
    elif check:
        check_output(output, compiled, found, manner)
    else:
        conclude(found, unreadable, manner)
        write_output(output, compiled, force, manner)


@app.command()
def validate(
    files: Files = None,
    target: Targets = None,
    target_version: Version = None,
    form: Form = None,
    strict: Strict = False,
    message_format: MessageFormat = TEXT,
    quiet: Quiet = False,
) -> None:
    """Check configs without compiling them; without -t for every target.

    automl validate pipelines/*.yaml
    """
    if not target and (target_version or form):
        wrong_usage("--target-version and --as say something of a target: give it with -t")
    choices = chosen(target or (), target_version, form) or every_choice()
    given, unreadable = read_all(files or ())
    manner = manner_of(quiet, strict, message_format, is_product=True)
    compiled, found = compile_configs(given, unreadable, Overrides(), choices, not target, strict, keep=False)
    conclude(found, unreadable, manner)
    if not quiet:
        for line in batch.verdicts(compiled, choices, strict):
            say(line)


@app.command("files")
def files_command(
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="A config, or a folder with one.", show_default=False)
    ] = ".",
    packed: Annotated[
        bool, typer.Option("--packed", help="Only the paths of what is packed, one a line.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """List the project's files: those that are packed, and why the others are left out.

    automl files config.yaml
    """
    from automl.compiler.listing import listing, packed_paths
    from automl.targets.code import MAX_OBJECT_BYTES, code_size

    configs, unreadable = read_all([file])
    for line in unreadable:
        wrong_usage(line)
    [given] = configs
    with touching_files("read"):
        workflow, files, found = analyse_files(given, Overrides())
    size, too_large = code_size(workflow) if workflow else (None, [])
    found = in_order([*found, *too_large])
    listed_anyway = Code.LEFT_OUT_CREDENTIALS
    is_refused = report([each for each in found if each.code is not listed_anyway], Manner(quiet))
    if files:
        print_text(packed_paths(files) if packed else listing(files, size, MAX_OBJECT_BYTES))
    elif not is_refused and not quiet:
        say("no step needs the project's files: each has an image, or git, of its own")
    if is_refused:
        raise typer.Exit(PROBLEMS)


@app.command("targets")
def targets_command(
    matrix: Annotated[
        bool, typer.Option("--matrix", help="What each target makes of each key of a config, in Markdown.")
    ] = False,
) -> None:
    """List what automl compiles for, with the versions of each engine."""
    rows: list[Target] = []
    for name in targets.names():
        try:
            rows += [each.target for each in choose([name])]
        except ChoiceError as error:
            say(f"automl: {error}")
    for line in targets.ignored():
        say(f"automl: {line}")
    if matrix:
        from automl.targets.capabilities import matrix as table

        print_text(table(rows))
        return
    print_text(
        "".join(
            f"{row.name}\n  {row.summary}\n"
            f"  versions: {', '.join(row.versions)} (default {row.default_version})\n"
            f"  forms: {', '.join(row.forms)}\n"
            for row in rows
        )
    )


@app.command()
def explain(
    code: Annotated[
        str | None,
        typer.Argument(
            metavar="[CODE]", help="The code of a message, for instance AML102; none: all of them."
        ),
    ] = None,
) -> None:
    """Say what a message means and what to do about it.

    automl explain AML102
    """
    from automl.compiler.explain import UnknownCodeError, explanation

    try:
        print_text(explanation(code))
    except UnknownCodeError as error:
        wrong_usage(str(error))


@app.command()
def schema() -> None:
    """Print the JSON Schema of a config, for editors.

    automl schema > automl.schema.json
    """
    from automl.schemas import config_schema

    print_text(config_schema())
