"""A sweep as a program of the kfp SDK prints it: the least that says the same, one component in a loop over a list.

The arguments are how many values each of the two parameters has. There is no code of a project, which automl packs too, and
there are no labels.
"""

import sys
import tempfile
from pathlib import Path

from kfp import compiler, dsl  # type: ignore[import-untyped]

IMAGE = "docker.io/library/python:3.12.12-slim-bookworm"
RATES, SIZES = map(int, sys.argv[1:])
TRIALS = [{"lr": str(lr), "k": str(k)} for lr in range(1, RATES + 1) for k in range(1, SIZES + 1)]


@dsl.container_component  # type: ignore[untyped-decorator]
def train(lr: str, k: str) -> dsl.ContainerSpec:
    return dsl.ContainerSpec(image=IMAGE, command=["python3", "step.py"], args=["--lr", lr, "--k", k])


@dsl.pipeline(name="bench")  # type: ignore[untyped-decorator]
def pipeline() -> None:
    with dsl.ParallelFor(items=TRIALS) as trial:
        train(lr=trial.lr, k=trial.k).set_caching_options(False)


with tempfile.TemporaryDirectory() as folder:
    package = Path(folder) / "package.yaml"
    compiler.Compiler().compile(pipeline, str(package))
    sys.stdout.write(package.read_text(encoding="utf-8"))
