"""The pipeline of the 1,000 steps of compare.py, written with the kfp SDK, as a package on standard output.

The same tasks, containers and DAGs as `automl compile -t kubeflow` makes of the config: a task that packs the
project, and a DAG for each stage. What the task packs comes as the arguments: files with the words of that task,
the program that packs, the project's archive in base64, and the names and texts of what starts a step.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from kfp import compiler, dsl, kubernetes  # type: ignore[import-untyped]

STAGES, STEPS_PER_STAGE = 2, 100
IMAGE = (
    "docker.io/library/python:3.12.12-slim-bookworm"
    "@sha256:593bd06efe90efa80dc4eee3948be7c0fde4134606dd40d8dd8dbcade98e669c"
)
LABELS = {
    "app.kubernetes.io/name": "bench",
    "app.kubernetes.io/managed-by": "automl",
    "automl.dev/workflow": "bench",
    "automl.dev/version": "1.0.0",
}


def named(name: str, function: Any) -> Any:
    """A function under the name that the SDK is to give to what it makes of it."""
    function.__name__ = name
    return function


def step(number: int) -> Any:
    def container(code: dsl.Input[dsl.Artifact]) -> dsl.ContainerSpec:
        return dsl.ContainerSpec(
            image=IMAGE,
            command=["python3", code.path],
            args=["--", "python", "step.py", "--part", str(number)],
        )

    return dsl.container_component(named(f"step_{number:04}", container))


def stage(number: int) -> Any:
    first = number * STEPS_PER_STAGE
    steps = [step(first + offset) for offset in range(STEPS_PER_STAGE)]

    def tasks(code: dsl.Input[dsl.Artifact]) -> None:
        for offset, component in enumerate(steps):
            settle(component(code=code), number, first + offset)

    return dsl.pipeline(named(f"stage_batch_{number}", tasks), name=f"stage-batch-{number}")


def settle(task: Any, stage: int, number: int) -> None:
    name = f"step-{number:04}"
    task.set_env_variable("AUTOML_STEP", name)
    task.set_env_variable("SEED", str(number))
    task.set_env_variable("STORE_URL", f"s3://bench/part-{number}")
    task.set_cpu_request("250m").set_memory_request("512Mi").set_caching_options(False)
    kubernetes.set_timeout(task, 1800)
    in_pod(task, LABELS | {"automl.dev/stage": f"batch-{stage}", "automl.dev/step": name})


def in_pod(task: Any, labels: dict[str, str]) -> None:
    kubernetes.empty_dir_mount(task, volume_name="work", mount_path="/automl/work")
    for key, value in labels.items():
        kubernetes.add_pod_label(task, key, value)


def pack(program: str, *given: str) -> Any:
    def container(code: dsl.Output[dsl.Artifact]) -> dsl.ContainerSpec:
        return dsl.ContainerSpec(image=IMAGE, command=["python3", "-c", program], args=[code.path, *given])

    return dsl.container_component(named("code", container))


def pipeline(*words: str) -> Any:
    maker, stages = pack(*words), [stage(number) for number in range(STAGES)]

    def tasks() -> None:
        made = maker().set_cpu_request("100m").set_memory_request("100M").set_caching_options(False)
        made.set_env_variable("AUTOML_STEP", "code")
        in_pod(made, LABELS)
        before = None
        for number, component in enumerate(stages):
            task = component(code=made.outputs["code"]).set_caching_options(False)
            task.set_display_name(f"batch-{number}")
            before = task.after(before) if before else task

    return dsl.pipeline(tasks, name="bench")


with tempfile.TemporaryDirectory() as folder:
    package = Path(folder) / "package.yaml"
    texts = [Path(name).read_text(encoding="utf-8") for name in sys.argv[1:]]
    compiler.Compiler().compile(pipeline(*texts), str(package))
    sys.stdout.write(package.read_text(encoding="utf-8"))
