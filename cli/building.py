"""What becomes of the images of a config: a folder to build them of, or the images themselves, built and pushed."""

import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import typer

from automl.cli.engines import asking
from automl.cli.links import output_leads_out
from automl.cli.terminal import PROBLEMS, Manner, hint, print_text, report, say, touching_files, wrong_usage
from automl.compiler.diagnostics import in_order
from automl.compiler.driver import Input, Overrides, analyse
from automl.compiler.ir import Workflow
from automl.compiler.records import NamedTuple
from automl.compiler.suggest import did_you_mean
from automl.images import tools
from automl.images.checks import check
from automl.images.context import Context, Named, context_of
from automl.images.folder import NotOursError, put, write
from automl.images.image import Image, images_of, names_of
from automl.schemas import config_schema

TOOLS = tools.TOOLS
MOST_BYTES = 1024**3
"""Of the files of a project: an image may hold more of them than a manifest."""


class Making(NamedTuple):
    """What a command line asks a tool to do: build the images, push them, or neither."""

    build: bool
    push: bool
    tool: str | None
    quiet: bool

    @property
    def is_asked_for(self) -> bool:
        """Whether there is something to do for a tool."""
        return self.build or self.push


def refuse_contradictions(making: Making, output: str | None, registry: str | None) -> None:
    """End a command line that asks for what does not go together, or for what there is not."""
    if output is not None and making.is_asked_for:
        wrong_usage(
            "-o writes what images are built of, --build and --push leave no such folder: one of them"
        )
    if making.tool is not None and making.tool not in TOOLS:
        known = ", ".join(TOOLS)
        wrong_usage(f'--with takes one of {known}, not "{making.tool}"')
    if making.tool is not None and not making.is_asked_for:
        wrong_usage("--with says what --build or --push is done with, and there is neither")
    if registry is not None:
        key = json.loads(config_schema())["properties"]["image_registry"]
        if not re.search(key["pattern"], registry):
            wrong_usage(f'--registry takes {key["x-expected"].replace("`", "")}, not "{registry}"')


def workflow_of(
    given: Input, overrides: Overrides, steps: Sequence[str], quiet: bool
) -> tuple[Workflow, list[Image]]:
    """What a config means, and the images of its steps, or the end of the command."""
    with touching_files("read"):
        workflow, diagnostics = analyse(given._replace(most_bytes=MOST_BYTES), overrides)
    images = _chosen(workflow, steps) if workflow else []
    diagnostics += check(workflow, images) if workflow else []
    if report(in_order(diagnostics), Manner(quiet)) or workflow is None:
        raise typer.Exit(PROBLEMS)
    return workflow, images


def _chosen(workflow: Workflow, steps: Sequence[str]) -> list[Image]:
    """The images of the steps that are named, or of all; the end of a command that names one that is not there."""
    of_project = [task for task in workflow.tasks if task.project]
    for step in steps:
        if not any(step in names_of(task) for task in of_project):
            names = [task.titles.step for task in of_project]
            meant = did_you_mean(step, names)
            way_out = f'did you mean "{meant}"?' if meant else f"there are: {', '.join(names)}"
            wrong_usage(f'there is no step "{step}" that runs in the project\'s files; {way_out}')
    return images_of(workflow, steps)


def context_for(workflow: Workflow, images: Sequence[Image], registry: str | None, making: Making) -> Context:
    """What the images are built of, or the end of a command that pushes them nobody knows where to."""
    place = registry or workflow.image_registry
    if making.push and place is None:
        wrong_usage("--push has to know where to: give --registry, for instance `--registry ghcr.io/acme`")
    return context_of(workflow, images, place)


def write_context(context: Context, output: str, project: Path, quiet: bool) -> None:
    """Write the folder that the images are built of."""
    folder = Path(output)
    if not output:
        wrong_usage("-o needs a folder")
    if problem := output_leads_out(folder):
        wrong_usage(problem)
    if project.resolve().is_relative_to(folder.resolve()):
        wrong_usage(f'"{output}" is the folder of the project, or around it; give one of its own')
    with touching_files("write"):
        try:
            put(context, folder)
        except NotOursError as error:
            wrong_usage(str(error))
    if not quiet:
        hint(f"wrote {folder}")


def make(context: Context, making: Making, workflow: Workflow) -> None:
    """Build the images, push them, and print their names; or the end of the command, if that fails."""
    with asking(), touching_files("write"), tempfile.TemporaryDirectory(prefix="automl-build-") as folder:
        tool = tools.tool_of(making.tool, making.quiet)
        write(context, Path(folder))
        for named in context.images:
            _make(named, Path(folder), tool, making)
    print_text("".join(f"{name}\n" for _, name, _ in context.images))
    if not making.quiet:
        _say_what_to_write(context.images, workflow)


def _make(named: Named, folder: Path, tool: tools.Tool, making: Making) -> None:
    if making.push and tool.has_pushed(named.name):
        if not making.quiet:
            say(f"{named.name} is in the registry already")
        return
    tool.build(folder, named.image.stage, named.name, named.image.recipe.secrets)
    if making.push:
        tool.push(named.name)


def _say_what_to_write(images: Sequence[Named], workflow: Workflow) -> None:
    """Say what a config says to run its steps in these images."""
    tasks = images[0].image.tasks
    say("what the config says then, instead of `code` and `dependency_path`:")
    say("  code: {image: true}")
    if len(tasks) == len(workflow.tasks) and not any("image" in task.spans for task in tasks):
        say(f"  defaults: {{image: {images[0].name}}}")
        return
    for image, name, _ in images:
        say(f"  image: {name}  # of {', '.join(task.titles.step for task in image.tasks)}")
