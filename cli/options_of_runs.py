"""The options and arguments of the commands that run workflows and look after them, which no other command imports."""

from typing import Annotated

import typer

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
