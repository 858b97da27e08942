"""Looks on the login node whether all is there that a run needs, and makes what its jobs have in common.

The status is 2 if something is missing: then nothing is to be submitted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from automl.runtime.local import checkout, containers, environments, needs
from automl.runtime.local.plan import Plan
from automl.runtime.local.saying import complain
from automl.runtime.slurm.known import plan_of
from automl.runtime.slurm.marker import HAS_FAILED
from automl.runtime.slurm.settings import ENGINES, settings_of

REFUSED = 2


def main(arguments: Sequence[str]) -> int:
    """Look at the run in whose folder this is."""
    folder = Path(__file__).absolute().parents[2]
    plan = plan_of(folder)
    problems = [*needs.of_git(plan), *_images(folder, plan), *needs.of_files(plan)]
    if not problems:
        try:
            checkout.check_out(plan, folder)
            _make_environments(folder, plan)
        except (ValueError, OSError) as error:
            problems = [str(error)]
    for problem in problems:
        complain(problem)
    if problems:
        return REFUSED
    (folder / HAS_FAILED).unlink(missing_ok=True)  # what has failed is tried again
    return 0


def _images(folder: Path, plan: Plan) -> Iterator[str]:
    """Something has to run images, unless somebody says that the nodes have it."""
    tasks = [task for task in plan.tasks if task.image is not None]
    unsaid = [task for task in tasks if settings_of(folder, task).container is None]
    containers.choose(ENGINES)
    if unsaid and containers.engine() is None:
        names = ", ".join(dict.fromkeys(task.of or task.name for task in unsaid))
        yield (
            f"{names}: to run in an image takes Apptainer, Singularity, podman or docker, and none is on the PATH here; "
            "load one by `targets: {slurm: {modules: […]}}`, or name it by `container` if the nodes alone have it"
        )


def _make_environments(folder: Path, plan: Plan) -> None:
    """Make the virtual environments of the run here: nodes often reach no network."""
    processes = [task for task in plan.tasks if task.image is None and (task.dependencies or task.packages)]
    for task in processes:
        if settings_of(folder, task).install == "job":
            return
    here = Path.cwd()
    try:
        for dependencies, packages in dict.fromkeys(
            (task.dependencies, tuple(task.packages)) for task in processes
        ):
            os.chdir(folder / checkout.PLACE / "project")
            environments.have(dependencies, packages)
    finally:
        os.chdir(here)
