"""Runs packages by kfp.local: python -m tests.conformance.kfp_machine REPORT <JOBS (see `kfp_runs`).

kfp.local puts the tasks in order, hands files from one to the next and starts again what has failed. What it does
with containers is replaced, for it runs none without Docker: here a container is a process of this machine in a
folder of its own, with the words and variables that the kubelet would give it. Nor does kfp.local read the
platform document: the secrets in there are given to the container too, and `kfp_volumes` plays what is mounted.

In a cluster a container goes through the kubelet's expansion of `$(NAME)` twice: first in the pod of Kubeflow's driver,
which has it in its arguments (kubeflow/pipelines 2.15.0, backend/src/v2/compiler/argocompiler/container.go,
addContainerDriverTemplate: `"--container", inputValue(paramContainer)`), then in the pod that the driver describes.
A job may ask for one pass, as it would be without a pod for the driver.
"""

import json
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from kfp import local  # type: ignore[import-untyped]
from kfp.components import load_component_from_text  # type: ignore[import-untyped]
from kfp.local import (  # type: ignore[import-untyped]
    executor_input_utils,
    executor_output_utils,
    subprocess_task_handler,
    task_dispatcher,
)
from kfp.local.orchestrator import task_spec_utils  # type: ignore[import-untyped]
from kfp.local.orchestrator.orchestrator_utils import OrchestratorUtils  # type: ignore[import-untyped]
from kfp.local.status import Status  # type: ignore[import-untyped]

from automl.runtime import script
from automl.targets.objects.volumes import WORK
from tests.conformance import kfp_launcher, kfp_volumes
from tests.conformance.kfp_runs import documents, package_in
from tests.conformance.node import moved
from tests.runtime import kubelet

Object = dict[str, Any]
_CLUSTER = script("cluster.py")
_OF_DRIVER = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "ML_PIPELINE_SERVICE_HOST": "10.96.0.2"}
_construct = executor_input_utils.construct_executor_input
_dispatch = task_dispatcher.run_single_task_implementation


class Machine:
    """What plays the cluster for one job."""

    def __init__(self, job: Object) -> None:
        self.folder, self.image, self.traces = Path(job["folder"]), Path(job["image"]), job["traces"]
        found = documents(Path(job["package"]).read_text(encoding="utf-8"))
        objects = [each for each in found if "kind" in each]
        pipeline, *platforms = package_in(found)
        for executor in pipeline["deploymentSpec"]["executors"].values():
            for _ in range(job["passes"] - 1):
                executor["container"] = _through_driver(executor["container"])
        self.package = yaml.safe_dump(pipeline, sort_keys=False)
        secrets = {name: _in_bytes(content) for name, content in job["secrets"].items()}
        self.sources = {**kubelet.config_maps(objects), **secrets}
        self.platform = (
            platforms[0]["platforms"]["kubernetes"]["deploymentSpec"]["executors"] if platforms else {}
        )
        self.starts: list[Object] = []
        self._lock = threading.Lock()
        self._task = threading.local()  # several runs of a loop go on at a time

    def dispatch(self, **task: Any) -> Any:
        """Run a task by kfp.local; its handler knows the container alone."""
        self._task.component = task["component_name"]
        return _dispatch(**task)

    def tell(self, **task: Any) -> Any:
        """What the program of a task is told, as its launcher gets it."""
        made = _construct(**task)
        self._task.given = kfp_launcher.through_kubelet(made, lambda text: kubelet.expanded(text, _OF_DRIVER))
        kfp_launcher.prepare_folders(self._task.given)
        return self._task.given

    def run(self, handler: Any) -> Status:
        """Start the container and wait for its end."""
        start = self._started(handler.full_command)
        folder = Path(start["folder"])
        folder.mkdir()
        said = self.platform.get(self._task.component.replace("comp-", "exec-", 1), {})
        mounts = kfp_volumes.mounted(said, folder, self.folder / "claims", self.sources)
        if _CLUSTER in handler.full_command:
            return Status.SUCCESS  # there is no cluster
        env = [*self._secrets(said), *_variables(handler.env_vars, folder / "work", mounts)]
        words = kfp_launcher.replaced(handler.full_command, self._task.given)
        container = {"command": [moved(word, mounts) for word in words], "env": env}
        done = kubelet.Container(folder, self.image, container, self.sources).run(**self._trace(start))
        start |= {"end": time.time(), "status": done.returncode, "output": done.stdout, "errors": done.stderr}
        if done.returncode == 0 and (problems := kfp_launcher.missing(self._task.given)):
            start |= {"status": 1, "errors": "\n".join([done.stderr, *problems])}
        return Status.FAILURE if start["status"] else Status.SUCCESS

    def _started(self, words: list[str]) -> Object:
        with self._lock:
            start: Object = {
                "task": self._task.component.removeprefix("comp-"),
                "folder": str(self.folder / f"{len(self.starts)}"),
                "words": words,
                "start": time.time(),
            }
            self.starts.append(start)
        return start

    def _trace(self, start: Object) -> dict[str, str]:
        """Where a container is to write down what it sees; nothing runs beside it."""
        name = f"{start['task']}.{Path(start['folder']).name}.json"
        return {"CORPUS_TRACE": f"{self.traces}/{name}", "CORPUS_ALONE": "1"} if self.traces else {}

    def _secrets(self, said: Object) -> list[Object]:
        """The variables that come from secrets, as they stand in a pod."""
        return [
            {
                "name": pair["envVar"],
                "valueFrom": {
                    "secretKeyRef": {"name": kfp_volumes.named(secret, "secret"), "key": pair["secretKey"]}
                },
            }
            for secret in said.get("secretAsEnv", [])
            for pair in secret["keyToEnv"]
        ]


def _through_driver(container: Object) -> Object:
    """The container that a driver reads from its arguments."""
    text = kubelet.expanded(json.dumps(container, ensure_ascii=False), _OF_DRIVER)
    return dict(json.loads(text))


def _in_bytes(content: Mapping[str, str]) -> dict[str, bytes]:
    return {key: value.encode() for key, value in content.items()}


def _variables(variables: Mapping[str, str], work: Path, mounts: Mapping[str, Path]) -> list[Object]:
    """The variables as they stand in a pod, where the folders of a container are others."""
    return [
        {"name": name, "value": str(work) if value == WORK else moved(value, mounts)}
        for name, value in variables.items()
    ]


def _inputs_of_dag(task_spec: Any, io_store: Any, **_: Any) -> Object:
    """What a DAG in a DAG gets; kfp.local forgets the files if there is no parameter too."""
    return dict(OrchestratorUtils.make_task_arguments(task_spec.inputs, io_store))


def run(job: Object) -> Object:
    """Run one package; how it ended, and every start of a container in order."""
    machine = Machine(job)
    artifacts = machine.folder / "artifacts"
    artifacts.mkdir()
    artifacts.chmod(0o777)
    handler = subprocess_task_handler.SubprocessTaskHandler
    handler.validate_not_container_component = lambda *_: None
    handler.run = lambda self: machine.run(self)
    task_dispatcher.run_single_task_implementation = machine.dispatch
    executor_input_utils.construct_executor_input = machine.tell
    executor_output_utils.get_outputs_for_task = kfp_launcher.made
    task_spec_utils.build_nested_dag_arguments = _inputs_of_dag
    local.init(local.SubprocessRunner(use_venv=False), str(artifacts), str(machine.folder / "workspace"))
    try:
        load_component_from_text(machine.package)()
    except RuntimeError as error:
        return {"error": str(error), "starts": machine.starts}
    return {"error": "", "starts": machine.starts}


if __name__ == "__main__":
    reports = [run(job) for job in json.load(sys.stdin)]
    Path(sys.argv[1]).write_text(json.dumps(reports), encoding="utf-8")
