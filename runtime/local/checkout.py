"""The repository of a project, checked out once a run by the script that the pods have."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from automl.runtime.local import credentials
from automl.runtime.local.plan import Git, Plan

PLACE = "checkout"
OF_REPOSITORY = (  # who starts a run from a hook of git does not mean the repository of that
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX"),
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE"),
)
VARIABLES = ("AUTOML_GIT_TOKEN", "AUTOML_GIT_USERNAME", *OF_REPOSITORY)


def check_out(plan: Plan, run: Path) -> None:
    """Check the repository out, if there is one, unless an earlier program of the run did. ValueError says why it cannot be."""
    if plan.git is None or (run / PLACE / "whole").exists():
        return
    (run / PLACE).mkdir(exist_ok=True)
    command = ["sh", str(run / "runtime" / "checkout.sh")]
    done = subprocess.run(command, env=_variables(plan.git, run), stderr=subprocess.PIPE, check=False)
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    if done.returncode:
        raise ValueError("\n".join(["the repository of the project could not be checked out", *lines]))
    (run / PLACE / "whole").touch()


def copy_to(project: Path, run: Path) -> None:
    """Give a task files of its own."""
    shutil.copytree(run / PLACE / "project", project, symlinks=True)


def _variables(git: Git, run: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if name not in VARIABLES}
    given = {"AUTOML_WORK": str(run / PLACE), "AUTOML_GIT_URL": git.url, "AUTOML_GIT_REF": git.ref}
    return {**kept, **given, **(credentials.values(git.token) if git.token else {})}
