"""What a plan needs of a machine: nothing of it starts before all of it is there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from automl.runtime.local import containers, credentials, disks
from automl.runtime.local.plan import Plan
from automl.runtime.local.services import is_taken


def missing(plan: Plan) -> list[str]:
    """What is not there, a sentence each, with what to do."""
    return [*of_git(plan), *_images(plan), *_ports(plan), *of_files(plan)]


def of_files(plan: Plan) -> list[str]:
    """What is not there of the secrets and disks of a plan."""
    return [*credentials.problems(plan), *_variables(plan), *disks.problems(plan)]


def of_git(plan: Plan) -> Iterator[str]:
    """What is not there of what the project comes by."""
    if plan.git and shutil.which("git") is None:
        yield "the project is in a repository, and git is not on the PATH; `apt-get install git` installs it"


def _images(plan: Plan) -> Iterator[str]:
    steps = dict.fromkeys(task.of or task.name for task in plan.tasks if task.image is not None)
    if steps and containers.engine() is None:
        yield (
            f"{', '.join(steps)}: to run in an image takes podman or docker, and neither is on the PATH; "
            "`apt-get install podman` (on a Mac `brew install podman`) installs one"
        )


def _ports(plan: Plan) -> Iterator[str]:
    for task in plan.tasks:
        if task.service and is_taken(task.service.port):
            yield f"{task.name}: something listens on port {task.service.port} already; end it, or change `service.port`"


def _variables(plan: Plan) -> Iterator[str]:
    """Secrets reach a container by the variables of podman or docker, which has some of its own."""
    for task in plan.tasks:
        for name in credentials.names(task) if task.image is not None else ():
            if containers.OF_ENGINE.fullmatch(name):
                yield (
                    f"{task.name}: a secret in ${name} would be taken by what runs the image, podman or docker, for its own; "
                    "name the `keys` of the secret, and another variable for this one"
                )
