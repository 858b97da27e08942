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

from tests.conformance import golang


def judge_kubeflow(paths: Sequence[Path]) -> dict[Path, list[str]]:
    """The errors of each package, a file of a pipeline document and perhaps a platform document."""
    program = golang.build("kubeflow/go.mod")
    done = subprocess.run([program, *map(str, paths)], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    reports = json.loads(done.stdout)
    return {path: list(report["errors"]) for path, report in zip(paths, reports, strict=True)}
