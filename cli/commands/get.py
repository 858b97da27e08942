"""`automl get`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from automl.cli.engines import ForPrograms, RunName, asking, is_for_programs, print_json
from automl.cli.options_of_runs import Context, ContextsOf, Runs
from automl.cli.sites import site_of
from automl.cli.terminal import TEXT, print_lines, touching_files


def run(
    name: RunName,
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[OUTPUT]",
            help="One output, as OUTPUT or STEP.OUTPUT; else all, in a folder for each step.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Where to put it; else a new folder named as the run, which git ignores and nothing packs.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    runs: Runs = None,
    place: Context = None,
    contexts_of: ContextsOf = None,
    format: ForPrograms = TEXT,
) -> None:
    """Take what a run has left: files as they are, values as files with their text.

    automl get last model -o models/
    """
    is_json = is_for_programs(format)
    engine = site_of(runs, place, contexts_of).engine
    with asking(), touching_files("write"):
        folder = Path(output if output is not None else engine.status(name).id)
        is_new = output is None and not folder.exists()
        places = engine.get(name, what, folder, force)
        if is_new and places:  # or what a run has left would be packed for the next one
            (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    if is_json:
        print_json([str(place) for place in places])
    else:
        print_lines(os.fsencode(place) for place in places)
