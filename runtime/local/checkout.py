"""The repository of a project, checked out once a run by the script that the pods have."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from automl.runtime.local import credentials
from automl.runtime.local.plan import Plan

PLACE = "checkout"
VARIABLES = ("AUTOML_GIT_TOKEN", "AUTOML_GIT_USERNAME")


def checked_out(plan: Plan, run: Path) -> bool:
    """Check the repository out, if there is one, unless an earlier program of the run did. Whether it is there."""
    if plan.git is None or (run / PLACE / "whole").exists():
        return True
    variables = {name: text for name, text in os.environ.items() if name not in VARIABLES}
    variables |= {
        "AUTOML_WORK": str(run / PLACE),
        "AUTOML_GIT_URL": plan.git.url,
        "AUTOML_GIT_REF": plan.git.ref,
    }
    variables |= credentials.values(plan.git.token) if plan.git.token else {}
    (run / PLACE).mkdir(exist_ok=True)
    done = subprocess.run(["sh", str(run / "runtime" / "checkout.sh")], env=variables, check=False)
    if done.returncode == 0:
        (run / PLACE / "whole").touch()
    return done.returncode == 0


def copy_to(project: Path, run: Path) -> None:
    """Give a task files of its own."""
    shutil.copytree(run / PLACE / "project", project, symlinks=True)
