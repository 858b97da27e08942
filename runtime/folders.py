"""The folders that `start.py` and what is beside it write to."""

from __future__ import annotations

import os
from pathlib import Path

WORK = Path(os.environ.get("AUTOML_WORK", "/automl/work")).absolute()
PROJECT = WORK / "project"
