"""The folders that `start.py` and what is beside it write to.

It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import os
from pathlib import Path


def work() -> Path:
    """The folder of a task, or of a pod."""
    return Path(os.environ.get("AUTOML_WORK", "/automl/work")).absolute()


def project() -> Path:
    """The folder of the project."""
    return work() / "project"


def in_project(path: str) -> Path:
    """Where a path of the project is; ValueError if it leads out of it."""
    if os.path.normpath(path).split("/")[0] in ("", ".."):
        raise ValueError(f"{path!r} is not in the folder of the project")
    return project() / path
