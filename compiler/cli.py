"""The command line: the only module that knows both compiler and targets."""

import gc
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from automl import targets
from automl.compiler import __version__
from automl.compiler.diagnostics import Code, Diagnostic, has_errors, in_order
from automl.compiler.driver import STREAM, Input, Overrides, analyse, compile_config
from automl.compiler.output import check_files, destination, write_files
from automl.compiler.reader import MAX_BYTES
from automl.compiler.suggest import did_you_mean
from automl.compiler.target import Options, Target
from automl.compiler.terminal import BUG, PROBLEMS, print_text, report, touching_files, wrong_usage

STDIN = "-"

app = typer.Typer(
    help="""Compile one machine-learning workflow file for every engine.

    automl compile config.yaml -t argo | kubectl apply -f -

    Exit status: 0 fine, 1 the input has problems or the output is stale, 2 wrong usage or an unreadable file,
    3 a bug of automl.
    """,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> NoReturn:
    """Run the command line.

    What a compilation makes lives to its end, so nothing is collected on the way, and nothing taken down after it.
    """
    gc.disable()
    status = _run()
    for stream in (sys.stdout, sys.stderr):
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
        what = " ".join(f"{type(error).__name__}: {error}".split())
        typer.echo(
            f"error[{Code.INTERNAL}]: automl has a bug: {what}\n"
            " = help: run it again with `automl --debug …` and report what it prints",
            err=True,
        )
        return BUG
    return 0


def _complete_target(incomplete: str) -> list[str]:
    return [name for name in targets.names() if name.startswith(incomplete)]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"automl {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Print the whole of an internal error.")] = False,
) -> None:
    pass


File = Annotated[Path, typer.Argument(help="The config; - reads it from standard input.")]
Name = Annotated[str | None, typer.Option("--name", help="Name of the workflow, instead of the config's.")]
Namespace = Annotated[
    str | None, typer.Option("--namespace", "-n", help="Kubernetes namespace, instead of the config's.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
TargetVersion = Annotated[
    str | None, typer.Option("--target-version", help="Version of the engine; `automl targets` lists them.")
]


@app.command("compile")
def compile_command(
    target: Annotated[
        str,
        typer.Option("--target", "-t", help="What to compile for.", autocompletion=_complete_target),
    ],
    file: File = Path("config.yaml"),
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="File, or folder (with a / at its end), to write to.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 and a diff if the output differs.")
    ] = False,
    name: Name = None,
    namespace: Namespace = None,
    format: Annotated[str, typer.Option("--format", help="yaml or json.")] = "yaml",
    target_version: TargetVersion = None,
    form: Annotated[
        str | None, typer.Option("--as", help="Another form of the output, for instance template for argo.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Compile a config and print the result, or write it with -o.

    automl compile config.yaml -t argo | kubectl apply -f -

    automl compile config.yaml -t argo -o manifests/ --check
    """

    engine = _target(target)
    options = Options(_version(engine, target_version), _form(engine, form), _format(format))
    if check and output in (None, STDIN):
        wrong_usage("--check needs -o, the file or folder to compare with")
    given = _read(file)
    with touching_files("read"):
        result = compile_config(given, Overrides(name, namespace), engine, options)
    report(result.diagnostics, quiet)
    if has_errors(result.diagnostics):
        raise typer.Exit(PROBLEMS)
    if output is None or output == STDIN:
        print_text("".join(artifact.text for artifact in result.artifacts))
        return
    try:
        files = destination(output, result.artifacts)
    except ValueError as error:
        wrong_usage(str(error))
    if check:
        _check(files, quiet)
    else:
        with touching_files("write"):
            write_files(files)


@app.command()
def validate(
    files: Annotated[
        list[Path] | None, typer.Argument(help="The configs; - reads one from standard input.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--target", "-t", help="Check for this target too.", autocompletion=_complete_target),
    ] = None,
    target_version: TargetVersion = None,
    quiet: Quiet = False,
) -> None:
    """Check configs without compiling them (default: config.yaml).

    automl validate pipelines/*.yaml
    """

    if [str(path) for path in files or ()].count(STDIN) > 1:
        wrong_usage("standard input can be read once only")
    paths = list(dict.fromkeys(files or [Path("config.yaml")]))
    engine = _target(target) if target else None
    options = Options(_version(engine, target_version), engine.forms[0]) if engine else None
    found: list[Diagnostic] = []
    for path in paths:
        given = _read(path)
        with touching_files("read"):
            if engine and options:
                found += compile_config(given, Overrides(), engine, options).diagnostics
            else:
                found += analyse(given, Overrides())[1]
    report(in_order(found), quiet)
    if has_errors(found):
        raise typer.Exit(PROBLEMS)
    if not quiet:
        typer.echo(f"{len(paths)} {'config is' if len(paths) == 1 else 'configs are'} fine", err=True)


@app.command("targets")
def targets_command(
    matrix: Annotated[
        bool, typer.Option("--matrix", help="What each target makes of each key of a config, in Markdown.")
    ] = False,
) -> None:
    """List what automl compiles for, with the versions of each engine."""
    rows = [_target(name) for name in targets.names()]
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
def schema() -> None:
    """Print the JSON Schema of a config, for editors.

    automl schema > automl.schema.json
    """
    from automl.schemas import config_schema

    print_text(config_schema())


def _target(name: str) -> Target:
    try:
        found = targets.load(name)
    except targets.BrokenTargetError as error:
        wrong_usage(str(error))
    if found is None:
        known = targets.names()
        suggestion = did_you_mean(name, known)
        way_out = f'did you mean "{suggestion}"?' if suggestion else f"known targets: {', '.join(known)}"
        wrong_usage(f'there is no target "{name}"; {way_out}')
    return found


def _version(target: Target, wanted: str | None) -> str:
    """One of the versions of the target; `v3.7.2` is 3.7."""
    if wanted is None:
        return target.default_version
    minor = ".".join(wanted.removeprefix("v").split(".")[:2])
    if minor not in target.versions:
        wrong_usage(
            f'{target.name} has no version "{wanted}" here; known versions: {", ".join(target.versions)}'
        )
    return minor


def _form(target: Target, wanted: str | None) -> str:
    if wanted is None:
        return target.forms[0]
    if wanted not in target.forms:
        wrong_usage(f'{target.name} has no form "{wanted}"; known forms: {", ".join(target.forms)}')
    return wanted


def _format(wanted: str) -> str:
    if wanted not in ("yaml", "json"):
        wrong_usage(f'there is no format "{wanted}"; known formats: yaml, json')
    return wanted


def _read(path: Path) -> Input:
    """The config. No more of it is read than the reader would take."""
    try:
        if str(path) == STDIN:
            if sys.stdin is None:
                wrong_usage("cannot read standard input: it is closed")
            return Input(STREAM, sys.stdin.buffer.read(MAX_BYTES + 1), Path.cwd())
        os.fsencode(path).decode()
        with path.open("rb") as file:
            return Input(str(path), file.read(MAX_BYTES + 1), path.parent)
    except UnicodeDecodeError:
        wrong_usage(f'cannot read "{path}": its name is not UTF-8')
    except OSError as error:
        help = "; give the path of a config" if str(path) == "config.yaml" else ""
        wrong_usage(f'cannot read "{path}": {error.strerror}{help}')


def _check(files: dict[Path, str], quiet: bool) -> None:
    with touching_files("read"):
        stale = check_files(files)
    if stale:
        print_text("".join(difference.diff for difference in stale))
        report([difference.diagnostic for difference in stale], quiet)
        raise typer.Exit(PROBLEMS)
