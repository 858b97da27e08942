"""The text of a Dockerfile, with a stage for each image. Docker, podman and buildah read it, also the old ones.

What stands in a config goes into lists of JSON alone, where nothing is expanded; sources and targets of COPY are ours.
"""

import json
from collections.abc import Iterator, Sequence

from automl.compiler.generated import header
from automl.images.image import Image, Recipe
from automl.images.listed import Listing

HOME = "/opt/automl"
WORK = f"{HOME}/work"
PROJECT = f"{WORK}/project"
_SYNTAX = "1"  # of Dockerfiles; nothing newer is in it
_SECRETS = ("/run/secrets",)  # where tools put them


def dockerfile(origin: str, images: Sequence[tuple[Image, str, Listing]]) -> str:
    """The text for images, each with its name, and what says what is installed."""
    lines = [f"# {header(origin, 'dockerfile', _SYNTAX)}"]
    for image, name, listing in images:
        steps = ", ".join(task.name for task in image.tasks)
        lines += ["", f"# {name}: {steps}"]
        lines += [f"FROM {image.recipe.base} AS {image.stage}"]
        lines += instructions(image.recipe, listing, f"dependencies/{image.stage}")
    return "\n".join(lines) + "\n"


def instructions(recipe: Recipe, listing: Listing, folder: str) -> Iterator[str]:
    """What comes behind FROM; the files that say what is installed are in this folder."""
    yield f"COPY start/ {HOME}/"
    yield f"WORKDIR {PROJECT}"
    if listing.files:
        yield f"COPY {folder}/ {PROJECT}/"
    if listing.files is not None:
        yield _run(recipe, _install(recipe))
    yield f"COPY project/ {PROJECT}/"
    if listing.files is None:
        yield _run(recipe, _install(recipe))
    if listing.later is not None:
        yield _run(recipe, [f"{HOME}/install_project.py", listing.later, *_SECRETS[: len(recipe.secrets)]])
    yield f'ENV PATH="{WORK}/venv/bin:$PATH:{WORK}/bin" PYTHONUNBUFFERED=1'
    if recipe.user is not None:
        yield f"ENV HOME={WORK}/home USER=automl LOGNAME=automl"
        yield f"USER {recipe.user}"


def _install(recipe: Recipe) -> list[str]:
    """What installs elsewhere, when a step starts."""
    words = [f"{HOME}/start.py"]
    words += ["--dependencies", recipe.dependencies] if recipe.dependencies else []
    words += [word for package in recipe.packages for word in ("--package", package)]
    words += ["--secrets", *_SECRETS] if recipe.secrets else []
    return [*words, "--", "python3", "--version"]


def _run(recipe: Recipe, words: Sequence[str]) -> str:
    variables = [f"{name}={value}" for name, value in recipe.variables]
    mounts = "".join(f"--mount=type=secret,id={name} " for name in recipe.secrets)
    return f"RUN {mounts}{_json(['env', f'AUTOML_WORK={WORK}', *variables, 'python3', '-B', *words])}"


def _json(words: Sequence[str]) -> str:
    """A list that is one line, and in which no tool takes `<<` for the start of a text."""
    return json.dumps(words, ensure_ascii=False).replace("<", "\\u003c").replace("\x7f", "\\u007f")
