"""The user's own docker, podman or buildah, which build images and push them. What they say goes to stderr."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from automl.compiler.records import NamedTuple
from automl.runs.engine import EngineError

TOOLS = ("docker", "podman", "buildah")
"""The first that is there is taken."""
_IS_NO_LIST = "single images as manifest lists"  # podman before 5 has found an image, and cannot show it
_STDERR = 2


class Tool(NamedTuple):
    """One that is there. If it is quiet, what it says is shown where it fails alone."""

    path: str
    is_quiet: bool

    def has_pushed(self, image: str) -> bool:
        """Whether the registry has the image already, as far as the tool can tell; buildah cannot."""
        words = [self.path, "manifest", "inspect", image]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        return done.returncode == 0 or _IS_NO_LIST in done.stderr

    def build(self, folder: Path, stage: str, image: str, secrets: Sequence[str]) -> None:
        """Build a stage of a Dockerfile; the values of the secrets are variables here. Raises EngineError."""
        for name in secrets:
            if name not in os.environ:
                raise EngineError(
                    f"{name} is no variable here; a step takes it from a secret, and the build needs it, too"
                )
        options = (
            ["--layers"] if Path(self.path).name == "buildah" else []
        )  # what the others keep by themselves
        options += [word for name in secrets for word in ("--secret", f"id={name},env={name}")]
        words = ["build", *options, "--target", stage, "--tag", image, "--file", f"{folder}/Dockerfile"]
        variables = {"DOCKER_BUILDKIT": "1"} if secrets else {}
        self._run([*words, str(folder)], variables, f"could not build {image}")

    def push(self, image: str) -> None:
        """Push an image to its registry, as the user who has logged in there. Raises EngineError."""
        self._run(["push", image], {}, f"could not push {image}")

    def _run(self, words: Sequence[str], variables: Mapping[str, str], what: str) -> None:
        environment = {**os.environ, **variables}
        streams = (subprocess.PIPE, subprocess.STDOUT) if self.is_quiet else (_STDERR, None)
        try:
            done = subprocess.run(
                [self.path, *words], stdout=streams[0], stderr=streams[1], env=environment, check=False
            )
        except OSError as error:
            raise EngineError(f"{self.path} cannot be run: {error.strerror}") from error
        if done.returncode:
            said = (done.stdout or b"").decode(errors="replace").splitlines()
            status = f"{Path(self.path).name} {what}: it ended with status {done.returncode}"
            raise EngineError(*said, status)


def tool_of(name: str | None, is_quiet: bool) -> Tool:
    """The tool of that name, or the first that is there. Raises EngineError."""
    names = (name,) if name else TOOLS
    paths = [path for path in map(shutil.which, names) if path]
    if not paths and name:
        raise EngineError(f"{name} is not on the PATH")
    if not paths:
        raise EngineError(f"neither {', '.join(TOOLS[:-1])} nor {TOOLS[-1]} is on the PATH")
    return Tool(paths[0], is_quiet)
