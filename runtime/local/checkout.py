"""The files of a project, once a run: unpacked, or checked out by the script that the pods have; each task gets a copy."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from automl.runtime import start
from automl.runtime.local import credentials
from automl.runtime.local.plan import Git, Plan

PLACE = "checkout"
CODE = "code.tar"
OF_REPOSITORY = (  # who starts a run from a hook of git does not mean the repository of that
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX"),
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE"),
)
VARIABLES = ("AUTOML_GIT_TOKEN", "AUTOML_GIT_USERNAME", *OF_REPOSITORY)


def check_out(plan: Plan, run: Path) -> None:
    """Have the files, unless an earlier program of the run did. ValueError says why that cannot be."""
    whole = run / PLACE / "whole"
    if whole.exists():
        return
    whole.parent.mkdir(exist_ok=True)
    if plan.git:
        _check_out(plan.git, run)
    elif (run / CODE).exists():
        _unpack(run)
    whole.touch()


def copy_to(project: Path, run: Path) -> None:
    """Give a task files of its own."""
    shutil.copytree(run / PLACE / "project", project, symlinks=True)


def _unpack(run: Path) -> None:
    project = run / PLACE / "project"
    if project.exists():
        shutil.rmtree(project)
    project.mkdir()
    try:
        start.unpack((run / CODE).open("rb"), str(project))
    except tarfile.TarError as error:
        raise ValueError(f"the files of the project could not be unpacked: {error}") from error


def _check_out(git: Git, run: Path) -> None:
    command = ["sh", str(run / "runtime" / "checkout.sh")]
    done = subprocess.run(command, env=_variables(git, run), stderr=subprocess.PIPE, check=False)
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    if done.returncode:
        raise ValueError("\n".join(["the repository of the project could not be checked out", *lines]))


def _variables(git: Git, run: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if name not in VARIABLES}
    given = {"AUTOML_WORK": str(run / PLACE), "AUTOML_GIT_URL": git.url, "AUTOML_GIT_REF": git.ref}
    return {**kept, **given, **(credentials.values(git.token) if git.token else {})}
