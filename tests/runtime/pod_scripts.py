"""The scripts of `runtime/` that are beside each other in a pod, and import each other by name alone."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "runtime"))

import cluster
import tasks

__all__ = ["cluster", "tasks"]
