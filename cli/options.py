"""The options and arguments that several commands have, and what the shell completes for them."""

from collections.abc import Iterable
from typing import Annotated

import typer

from automl import targets
from automl.cli.choices import FORMATS, choose, every_choice
from automl.cli.terminal import TEXT
from automl.compiler.target import Target


def _complete_target(incomplete: str) -> list[str]:
    return [name for name in targets.names() if name.startswith(incomplete)]


def _complete_version(context: typer.Context, incomplete: str) -> list[str]:
    return _once(incomplete, (version for target in _so_far(context) for version in target.versions))


def _complete_form(context: typer.Context, incomplete: str) -> list[str]:
    return _once(incomplete, (form for target in _so_far(context) for form in target.forms))


def _once(incomplete: str, words: Iterable[str]) -> list[str]:
    return [word for word in dict.fromkeys(words) if word.startswith(incomplete)]


def _complete_format(incomplete: str) -> list[str]:
    return [format for format in FORMATS if format.startswith(incomplete)]


def _complete_message_format(incomplete: str) -> list[str]:
    return [format for format in message_formats() if format.startswith(incomplete)]


def message_formats() -> list[str]:
    """The names that `--message-format` takes."""
    from automl.compiler.views.formats import FORMATS as FOR_PROGRAMS

    return [TEXT, *FOR_PROGRAMS]


def _so_far(context: typer.Context) -> list[Target]:
    """The targets on a command line that is being typed; every one while there is none."""
    named = context.params.get("targets_") or context.params.get("target") or ()
    return [choice.target for choice in (choose(named) if named else every_choice())]


Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FILE]...",
        help="Configs, or folders with one; - is standard input. Without any, the automl.yaml or config.yaml of this folder.",
        show_default=False,
    ),
]
Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        "-t",
        metavar="TARGET",
        help="An engine; can be given several times. `automl targets` lists them.",
        autocompletion=_complete_target,
        show_default=False,
    ),
]
Version = Annotated[
    str | None,
    typer.Option(
        "--target-version",
        metavar="VERSION",
        help="Version of the engine; `automl targets` lists them.",
        autocompletion=_complete_version,
    ),
]
Form = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="FORM",
        help="Another form of the output, for instance template for argo.",
        autocompletion=_complete_form,
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Take warnings for errors.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
Format = Annotated[
    str,
    typer.Option("--format", metavar="FORMAT", help="yaml or json.", autocompletion=_complete_format),
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output", "-o", metavar="PLACE", help="File, or folder (with a / at its end), to write to."
    ),
]
Check = Annotated[
    bool, typer.Option("--check", help="Write nothing; exit with 1 and a diff if the output differs.")
]
Name = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="Name of the workflow, instead of the config's.")
]
Namespace = Annotated[
    str | None,
    typer.Option(
        "--namespace", "-n", metavar="NAMESPACE", help="Kubernetes namespace, instead of the config's."
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Value of a parameter, instead of its default; can be given several times.",
        show_default=False,
    ),
]
ParamsFile = Annotated[
    str | None,
    typer.Option(
        "--params-file",
        metavar="FILE",
        help="Values of parameters by name, in YAML or JSON; --set wins.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are no output of automl, too.")]
MessageFormat = Annotated[
    str,
    typer.Option(
        "--message-format",
        metavar="FORMAT",
        help="How messages are written: text, concise (a line each), json, github or gitlab.",
        autocompletion=_complete_message_format,
    ),
]
InContext = Annotated[
    str | None,
    typer.Option(
        "--context",
        metavar="NAME",
        help="One of the `contexts` of the config, with what that says instead of it.",
    ),
]
PrintMerged = Annotated[
    bool,
    typer.Option(
        "--print-config",
        help="Print the config as it is compiled, with where each value comes from, and compile nothing.",
    ),
]
