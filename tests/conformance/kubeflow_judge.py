"""What Kubeflow Pipelines' own code thinks of a package.

The judge is the types and the compiler of its API server, from the newest version of the backend that could
be had as a Go module, and Argo's validator. That version is of August 2024, older than those that we write
for. So it refuses what came later, though nothing is wrong with it: a task after a loop, `taskFinalStatus`,
an importer that downloads. And in the platform document it passes over the fields that it does not know.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.conformance import golang


def judge_kubeflow(paths: Sequence[Path]) -> dict[Path, list[str]]:
    """The errors of each package, a file of a pipeline document and perhaps a platform document."""
    return {path: list(report["errors"]) for path, report in zip(paths, _ask(paths), strict=True)}


def workflow_sizes(paths: Sequence[Path]) -> list[tuple[int, int]]:
    """How long the Workflow of each package is before it starts and, packed by Argo, when every step has run.

    The backend's compiler makes it, to which is added what 2.15 adds; the nodes are made as Argo makes them.
    """
    reports = _ask(paths, "size")
    assert not any(report["error"] for report in reports), reports
    return [(report["start"], report["end"]) for report in reports]


def _ask(paths: Sequence[Path], *command: str) -> Any:
    program = golang.build("kubeflow/go.mod")
    done = subprocess.run([program, *command, *map(str, paths)], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
