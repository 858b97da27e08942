"""A pipeline written with the SDK of Kubeflow, to be the same as ours: python -m tests.conformance.kfp_twin <TEXTS

Prints the package and, after it, the objects that the SDK makes for an API server that keeps pipelines in Kubernetes.
The config is TWIN in `test_kubeflow_sdk`. TEXTS is JSON: the long words of the two tasks that we add ourselves, and
the names of objects that are made of hashes. All else is written here, by hand.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from kfp import compiler, dsl, kubernetes  # type: ignore[import-untyped]
from kfp.compiler.compiler_utils import KubernetesManifestOptions  # type: ignore[import-untyped]

PYTHON = (
    "docker.io/library/python:3.12.12-slim-bookworm"
    "@sha256:593bd06efe90efa80dc4eee3948be7c0fde4134606dd40d8dd8dbcade98e669c"
)
LABELS = {
    "app.kubernetes.io/name": "twin",
    "app.kubernetes.io/managed-by": "automl",
    "automl.dev/workflow": "twin",
    "automl.dev/version": "1.2.3",
    "team": "ml",
}
Task = Any  # the SDK has no types


class Pod(NamedTuple):
    """What a pod has that is its own."""

    variables: dict[str, str]
    labels: dict[str, str]
    cpu: str = "500m"
    memory: str = "500M"
    keeps_user: bool = False


def named(name: str, function: Callable[..., Any]) -> Any:
    """A component under the name that the SDK is to give to it."""
    function.__name__ = name
    return dsl.container_component(function)


def settle(task: Task, pod: Pod) -> Task:
    """What every task has."""
    for key, value in pod.variables.items():
        task.set_env_variable(key, value)
    task.set_cpu_request(pod.cpu).set_memory_request(pod.memory).set_caching_options(False)
    kubernetes.empty_dir_mount(task, volume_name="work", mount_path="/automl/work")
    if not pod.keeps_user:
        kubernetes.set_security_context(task, run_as_user=1000, run_as_group=1000, run_as_non_root=True)
    for key, value in (LABELS | pod.labels).items():
        kubernetes.add_pod_label(task, key, value)
    kubernetes.add_pod_annotation(task, "example.com/owner", "ann")
    return task


def of_stage(stage: str, step: str) -> dict[str, str]:
    """The labels of a step."""
    return {"automl.dev/stage": stage, "automl.dev/step": step}


class Twin:
    """The components; with the name of a ConfigMap the code is in there, and no task makes it."""

    def __init__(self, texts: dict[str, Any], config_map: str = "") -> None:
        self._texts, self._config_map = texts, config_map

    def pipeline(self) -> Any:
        """The pipeline."""

        dags = {
            "prepare": self._stage("prepare", self._load),
            "train": self._stage("train", self._forest, self._linear),
            "serve": self._stage("serve", self._api),
        }

        def stages() -> None:
            made = {} if self._config_map else {"code": self._code().outputs["code"]}
            before: list[Task] = []
            for name, dag in dags.items():
                task = dag(**made).after(*before)
                task.set_display_name(name).set_caching_options(False)
                before = [task]

        return dsl.pipeline(stages, name="twin", description="The same twice.", display_name="Twin")

    def _stage(self, name: str, *steps: Callable[[dict[str, Any]], Task]) -> Any:
        """A pipeline in the pipeline."""

        def from_artifact(code: dsl.Input[dsl.Artifact]) -> None:
            for step in steps:
                step({"code": code})

        def from_config_map() -> None:
            for step in steps:
                step({})

        return dsl.pipeline(from_config_map if self._config_map else from_artifact, name=f"stage-{name}")

    def _code(self) -> Task:
        words, given = self._texts["code"][:3], self._texts["code"][3:]

        def container(code: dsl.Output[dsl.Artifact]) -> dsl.ContainerSpec:
            return dsl.ContainerSpec(image=PYTHON, command=words, args=[code.path, *given])

        task = settle(named("code", container)(), Pod({"AUTOML_STEP": "code"}, {}, "100m", "100M"))
        return task.set_retry(2, backoff_max_duration="31536000s")

    def _script(self, name: str, words: Sequence[str], made: dict[str, Any]) -> Task:
        """A step of the project."""

        def from_artifact(code: dsl.Input[dsl.Artifact]) -> dsl.ContainerSpec:
            return dsl.ContainerSpec(image=PYTHON, command=["python3", code.path], args=list(words))

        def from_config_map() -> dsl.ContainerSpec:
            return dsl.ContainerSpec(
                image=PYTHON, command=["python3", "/automl/code/start.py"], args=list(words)
            )

        task = named(name, from_artifact if made else from_config_map)(**made)
        if not made:
            kubernetes.use_config_map_as_volume(task, self._config_map, mount_path="/automl/code")
        return task

    def _load(self, made: dict[str, Any]) -> Task:
        words = ["--dependencies", "requirements.txt", "--secrets", "/automl/secrets/whole"]
        words += [
            "--keep=AUTOML_STEP",
            "--keep=STORE",
            "--keep=KEY",
            "--keep=KEY_ID",
            "--",
            "python",
            "a.py",
            "--days",
            "30",
        ]
        task = self._script("load", words, made)
        settle(task, Pod({"AUTOML_STEP": "load", "STORE": "s3://a"}, of_stage("prepare", "load"), "2", "2Gi"))
        kubernetes.add_pod_label(task, "tier", "batch")
        kubernetes.add_pod_annotation(task, "example.com/ticket", "42")
        kubernetes.use_secret_as_env(task, "store", {"key": "KEY", "id": "KEY_ID"}, optional=False)
        kubernetes.use_secret_as_volume(task, "whole", mount_path="/automl/secrets/whole", optional=False)
        kubernetes.set_timeout(task, 600)
        return task.set_retry(2, backoff_max_duration="31536000s")

    def _linear(self, made: dict[str, Any]) -> Task:
        task = self._script("linear", ["--", "python", "a.py"], made)
        return settle(task, Pod({"AUTOML_STEP": "linear"}, of_stage("train", "linear")))

    def _forest(self, _: dict[str, Any]) -> Task:
        def container() -> dsl.ContainerSpec:
            return dsl.ContainerSpec(
                image="registry.example.com/forest:1", command=["train"], args=["--trees", "100"]
            )

        variables = {"AUTOML_STEP": "forest", "DEPTH": "3"}
        pod = Pod(variables, of_stage("train", "forest"), keeps_user=True)
        task = settle(named("forest", container)(), pod)
        kubernetes.mount_pvc(task, "shared-data", "/data")
        kubernetes.empty_dir_mount(task, volume_name="volume-scratch", mount_path="/scratch")
        kubernetes.use_config_map_as_volume(task, "settings", mount_path="/etc/settings")
        kubernetes.use_secret_as_volume(task, "keys", mount_path="/etc/keys")
        return kubernetes.set_image_pull_secrets(task, ["login", "other-login"])

    def _api(self, made: dict[str, Any]) -> Task:
        *command, objects = self._texts["api"]

        def with_code(run: str, code: dsl.Input[dsl.Artifact]) -> dsl.ContainerSpec:
            words = ["--run", run, "--deadline", "300", "--code", code.path, *objects]
            return dsl.ContainerSpec(image=PYTHON, command=command, args=words)

        def without(run: str) -> dsl.ContainerSpec:
            words = ["--run", run, "--deadline", "300", *objects]
            return dsl.ContainerSpec(image=PYTHON, command=command, args=words)

        container = with_code if made else without
        task = named("api", container)(run=dsl.PIPELINE_JOB_ID_PLACEHOLDER, **made)
        return settle(task, Pod({"AUTOML_STEP": "api"}, of_stage("serve", "api"), "100m", "100M"))


def compiled(texts: dict[str, Any]) -> str:
    """The package, and the objects."""
    options = KubernetesManifestOptions(
        pipeline_name="twin",
        pipeline_display_name="Twin",
        pipeline_version_display_name=texts["shown"],
        pipeline_version_name=texts["version"],
        namespace="ml",
        include_pipeline_manifest=True,
    )
    in_kubernetes = {"kubernetes_manifest_format": True, "kubernetes_manifest_options": options}
    with tempfile.TemporaryDirectory() as folder:
        one, other = Path(folder) / "package.yaml", Path(folder) / "native.yaml"
        compiler.Compiler().compile(Twin(texts["package"]).pipeline(), str(one))
        twin = Twin(texts["native"], texts["config_map"])
        compiler.Compiler().compile(twin.pipeline(), str(other), **in_kubernetes)
        return f"{one.read_text(encoding='utf-8')}\n---\n{other.read_text(encoding='utf-8')}"


if __name__ == "__main__":
    sys.stdout.write(compiled(json.load(sys.stdin)))
