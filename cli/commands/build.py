"""`automl build`."""

from typing import Annotated

import typer

from automl.cli.building import (
    TOOLS,
    Making,
    context_for,
    make,
    refuse_contradictions,
    workflow_of,
    write_context,
)
from automl.cli.delivery import given_params
from automl.cli.inputs import read_all
from automl.cli.options import InContext, Name, ParamsFile, Quiet, Set
from automl.cli.terminal import print_text, say, wrong_usage
from automl.compiler.driver import Overrides

File = Annotated[
    str, typer.Argument(metavar="[FILE]", help="A config, or a folder with one.", show_default=False)
]
Folder = Annotated[
    str | None,
    typer.Option(
        "--output", "-o", metavar="FOLDER", help="Folder to write all to that the images are built of."
    ),
]
Build = Annotated[bool, typer.Option("--build", help="Build the images, and print their names.")]
Push = Annotated[
    bool, typer.Option("--push", help="Build and push the images that the registry does not have yet.")
]
Tool = Annotated[
    str | None,
    typer.Option(
        "--with",
        metavar="TOOL",
        help="docker, podman or buildah; else the first of them that is there.",
        autocompletion=lambda: [*TOOLS],
    ),
]
Registry = Annotated[
    str | None,
    typer.Option(
        "--registry", metavar="REGISTRY", help="Registry, and folder in it; else the config's image_registry."
    ),
]
Steps = Annotated[
    list[str] | None,
    typer.Option(
        "--step",
        metavar="STEP",
        help="The image of this step alone; can be given several times.",
        show_default=False,
    ),
]


def run(
    file: File = ".",
    output: Folder = None,
    build: Build = False,
    push: Push = False,
    tool: Tool = None,
    registry: Registry = None,
    step: Steps = None,
    name: Name = None,
    context: InContext = None,
    set: Set = None,
    params_file: ParamsFile = None,
    quiet: Quiet = False,
) -> None:
    """Print a Dockerfile of images that hold the project and what it needs, or build and push them.

    automl build config.yaml

    automl build config.yaml -o context/

    automl build config.yaml --push --registry ghcr.io/acme
    """
    making = Making(build, push, tool, quiet)
    refuse_contradictions(making, output, registry)
    configs, unreadable = read_all([file])
    for line in unreadable:
        wrong_usage(line)
    [given] = configs
    overrides = Overrides(name, None, given_params(set, params_file), context)
    workflow, images = workflow_of(given, overrides, step or (), quiet)
    if not images:
        if not quiet:
            say("no step needs the project's files: each has an image of its own")
        return
    made_of = context_for(workflow, images, registry, making)
    if output is not None:
        write_context(made_of, output, given.folder, quiet)
    elif making.is_asked_for:
        make(made_of, making, workflow)
    else:
        print_text(made_of.text)
