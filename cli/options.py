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
Runs = Annotated[
    str | None,
    typer.Option(
        "--runs",
        metavar="FOLDER",
        help="Folder with the records of runs, instead of .automl/runs here or in a folder around this one.",
    ),
]
Context = Annotated[
    str | None,
    typer.Option(
        "--context",
        metavar="NAME",
        help="Where the runs are: one of the `contexts` of the config, or of your own, instead of this machine.",
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
ContextsOf = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="CONFIG",
        help="The config with the contexts, instead of the automl.yaml or config.yaml here or in a folder around this one.",
    ),
]
Config = Annotated[
    str,
    typer.Argument(
        metavar="[CONFIG | SCRIPT",
        help="A config, a folder with one, or a script; - is a config on standard input. Without it, the automl.yaml or config.yaml of this folder.",
        show_default=False,
    ),
]
Arguments = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[-- ARGUMENT...]]", help="Of a script: what stands behind it.", show_default=False
    ),
]
Requirements = Annotated[
    str | None,
    typer.Option("--requirements", metavar="FILE", help="Of a script: what is installed first."),
]
Image = Annotated[
    str | None,
    typer.Option("--image", metavar="IMAGE", help="Of a script: the container image to run it in."),
]
Resources = Annotated[
    str | None,
    typer.Option("--resources", metavar="AMOUNTS", help="Of a script: cpu=2,memory=4Gi, or one of them."),
]
Env = Annotated[
    list[str] | None,
    typer.Option(
        "--env",
        metavar="NAME[=VALUE]",
        help="Of a script: a variable; without a value, as it is here. Can be given several times.",
        show_default=False,
    ),
]
Resume = Annotated[
    str | None,
    typer.Option(
        "--resume",
        metavar="RUN",
        help="Go on with a run that is there, as it was made; what has succeeded is not run again.",
    ),
]
PrintConfig = Annotated[
    bool, typer.Option("--print-config", help="Print the config that would be run, and run nothing.")
]
PrintMerged = Annotated[
    bool,
    typer.Option(
        "--print-config",
        help="Print the config as it is compiled, with where each value comes from, and compile nothing.",
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="STEP",
        help="Run this step alone, with what the others left when they last ran; can be given several times.",
        show_default=False,
    ),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="STEP", help="Run this step and what comes after it, with what the others left."
    ),
]
Priority = Annotated[
    str | None,
    typer.Option("--priority", metavar="PRIORITY", help="H, normal or L: when it comes, of those that wait."),
]
Cpus = Annotated[
    str | None,
    typer.Option("--cpus", metavar="N", help="Processors that the run needs; else as the config says."),
]
Memory = Annotated[
    str | None,
    typer.Option("--memory", metavar="SIZE", help="Memory that the run needs; else as the config says."),
]
Gpus = Annotated[str | None, typer.Option("--gpus", metavar="N", help="GPUs that the run has for itself.")]
NoQueue = Annotated[bool, typer.Option("--no-queue", help="Run at once, whatever else runs.")]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Run trials, too, that an earlier run has run the same.")
]
StopServices = Annotated[
    bool, typer.Option("--stop-services", help="End the services, too, when all else is done.")
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", metavar="N", min=1, help="Steps at a time; else one for each processor."),
]
