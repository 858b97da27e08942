"""The user's own docker, podman or buildah, which build images and push them. What they say goes to stderr."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from automl.runs.engine import EngineError

TOOLS = ("docker", "podman", "buildah")
"""The first that is there is taken."""
_IS_NO_LIST = "single images as manifest lists"  # podman before 5 has found an image, and cannot show it
_STDERR = 2


def tool_of(name: str | None) -> str:
    """The path of a tool. Raises EngineError."""
    names = (name,) if name else TOOLS
    paths = [path for path in map(shutil.which, names) if path]
    if not paths:
        there = f"{', '.join(names[:-1])} nor {names[-1]} is" if len(names) > 1 else f"{names[0]} is not"
        raise EngineError(f"{'neither ' if len(names) > 1 else ''}{there} on the PATH")
    return paths[0]


def is_pushed(tool: str, image: str) -> bool:
    """Whether the registry has it already, as far as the tool can tell."""
    done = subprocess.run([tool, "manifest", "inspect", image], capture_output=True, text=True, check=False)
    return done.returncode == 0 or _IS_NO_LIST in done.stderr


def build(tool: str, folder: Path, stage: str, image: str, secrets: Sequence[str]) -> None:
    """Build the stage of a Dockerfile; the values of the secrets are variables here. Raises EngineError."""
    options = ["--layers"] if Path(tool).name == "buildah" else []  # what the others keep by themselves
    options += [word for name in secrets for word in ("--secret", f"id={name},env={name}")]
    for name in secrets:
        if name not in os.environ:
            raise EngineError(
                f"{name} is no variable here; a step takes it from a secret, and the build needs it, too"
            )
    variables = {"DOCKER_BUILDKIT": "1"} if secrets else {}
    words = ["build", *options, "--target", stage, "--tag", image, "--file", f"{folder}/Dockerfile"]
    _run([tool, *words, str(folder)], variables, f"could not build {image}")


def push(tool: str, image: str) -> None:
    """Push an image to its registry, as the user who has logged in there. Raises EngineError."""
    _run([tool, "push", image], {}, f"could not push {image}")


def _run(words: Sequence[str], variables: Mapping[str, str], what: str) -> None:
    try:
        done = subprocess.run(words, stdout=_STDERR, env={**os.environ, **variables}, check=False)
    except OSError as error:
        raise EngineError(f"{words[0]} cannot be run: {error.strerror}") from error
    if done.returncode:
        raise EngineError(f"{Path(words[0]).name} {what}: it ended with status {done.returncode}")
