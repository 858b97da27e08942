"""The text of a Dockerfile, with a stage for each image. Docker, podman and buildah read it, also the old ones.

What stands in a config goes into lists of JSON alone, where nothing is expanded; sources and targets of COPY are ours.
"""

import json
from collections.abc import Iterator, Sequence

from automl.compiler.generated import header
from automl.images.image import Image, Recipe

HOME = "/opt/automl"
WORK = f"{HOME}/work"
PROJECT = f"{WORK}/project"
_SYNTAX = "1"  # of Dockerfiles; nothing newer is in it
_START = "python3", "-B", f"{HOME}/start.py"


def dockerfile(origin: str, images: Sequence[tuple[Image, str, bool]]) -> str:
    """The text for images, each with its name, and whether what it installs is listed by files beside the project."""
    lines = [f"# {header(origin, 'dockerfile', _SYNTAX)}"]
    for image, name, is_apart in images:
        steps = ", ".join(task.name for task in image.tasks)
        lines += ["", f"# {name}: {steps}"]
        lines += [f"FROM {image.recipe.base} AS {image.stage}"]
        lines += instructions(image.recipe, f"dependencies/{image.stage}" if is_apart else None)
    return "\n".join(lines) + "\n"


def instructions(recipe: Recipe, dependencies: str | None) -> Iterator[str]:
    """What comes behind FROM; `dependencies` is the folder of the files that say what is installed."""
    yield f"COPY start/ {HOME}/"
    yield f"WORKDIR {PROJECT}"
    if dependencies:
        yield f"COPY {dependencies}/ {PROJECT}/"
        yield _run(recipe)
    yield f"COPY project/ {PROJECT}/"
    if not dependencies:
        yield _run(recipe)
    yield f'ENV PATH="{WORK}/venv/bin:$PATH:{WORK}/bin" PYTHONUNBUFFERED=1'
    if recipe.user is not None:
        yield f"ENV HOME={WORK}/home USER=automl LOGNAME=automl"
        yield f"USER {recipe.user}"


def _run(recipe: Recipe) -> str:
    """The installation, by the program that sees to it elsewhere when a step starts."""
    words = ["env", f"AUTOML_WORK={WORK}", *(f"{name}={value}" for name, value in recipe.variables), *_START]
    words += ["--dependencies", recipe.dependencies] if recipe.dependencies else []
    words += [word for package in recipe.packages for word in ("--package", package)]
    words += ["--secrets", "/run/secrets"] if recipe.secrets else []
    mounts = "".join(f"--mount=type=secret,id={name} " for name in recipe.secrets)
    return f"RUN {mounts}{_json([*words, '--', 'python3', '--version'])}"


def _json(words: Sequence[str]) -> str:
    """A list that is one line, and in which no tool takes `<<` for the start of a text."""
    return json.dumps(words, ensure_ascii=False).replace("<", "\\u003c").replace("\x7f", "\\u007f")
