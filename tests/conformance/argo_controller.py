"""Argo's own workflow-controller, at work on a control plane of its own.

It is compiled from Argo's Go module on first use, which takes minutes, and kept outside the tree (see `cache`).
The control plane is one per version of Argo, for the CRDs of two versions have the same names.

To run another version, add it to `tools.ARGO_VERSIONS`. Its go.mod needs the line
`tool github.com/argoproj/argo-workflows/v4/cmd/workflow-controller`, and `go mod tidy` after it; a copy of a
neighbour has it.
"""

import functools
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.conformance import golang, schemas
from tests.conformance.cluster import Cluster, running, until
from tests.conformance.tools import ARGO_VERSIONS
from tests.golden import manifests

NAMESPACE = "argo"
REPOSITORY = {"s3": {"endpoint": "s3.example.com", "bucket": "artifacts", "useSDKCreds": True}}
# The controller has no such option. Argument: the process that is to end with the standard input.
UNTIL_INPUT_ENDS = 'cat > /dev/null; kill "$1"'


class Controller:
    """The workflow-controller of one version, for all namespaces of its control plane."""

    def __init__(self, cluster: Cluster, version: str) -> None:
        self.cluster, self.version = cluster, version
        self._log = cluster.folder / "workflow-controller.log"
        self._program = program(version)
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Install Argo and start it. A Workflow that is created from now on will run."""
        self._install()
        command = [str(self._program), *self._options()]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=self._environment(), stdout=log, stderr=log, start_new_session=True
            )
        guard = ["sh", "-c", UNTIL_INPUT_ENDS, "sh", str(self._process.pid)]
        self._guard = subprocess.Popen(guard, stdin=subprocess.PIPE, start_new_session=True)

    def stop(self) -> None:
        if self._process and self._guard:
            self._process.kill()
            self._guard.kill()
            self._guard.communicate()
            self._process.wait()

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def log_end(self) -> str:
        text = self._log.read_text(errors="replace") if self._log.exists() else ""
        return f"--- the end of {self._log}\n{text[-4000:]}"

    def _install(self) -> None:
        definitions = sorted(schemas.argo_definitions(ARGO_VERSIONS[self.version]).glob("argoproj.io_*.yaml"))
        files = [word for path in definitions for word in ("-f", str(path))]
        # `create`, for what `apply` would note on them is larger than an object may be.
        self.cluster.kubectl("create", "--validate=false", *files)
        until(self._are_established, "Argo's kinds", seconds=180)
        self.cluster.create_namespace(NAMESPACE)
        off, images = (
            json.dumps({"enabled": False}),
            json.dumps({name: {"cmd": ["run"]} for name in silent_images()}),
        )
        settings = {"metricsConfig": off, "telemetryConfig": off, "nodeEvents": off, "images": images}
        settings["artifactRepository"] = json.dumps(REPOSITORY)
        body = {"metadata": {"name": "workflow-controller-configmap"}, "data": settings}
        status, answer = self.cluster.request("POST", f"/api/v1/namespaces/{NAMESPACE}/configmaps", body)
        assert status == 201, answer

    def _are_established(self) -> bool:
        """It fails at one that has no conditions yet, however long it may wait."""
        words = ("wait", "--for=condition=established", "--timeout=180s", "crd", "--all")
        return self.cluster.kubectl(*words, check=False).returncode == 0

    def _options(self) -> list[str]:
        return [
            f"--kubeconfig={self.cluster.kubeconfig}",
            f"--namespace={NAMESPACE}",
            "--executor-image=argoexec",
            "--workflow-workers=8",
            "--qps=500",
            "--burst=1000",
        ]

    def _environment(self) -> dict[str, str]:
        """Nothing of the settings of whoever runs the tests."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.cluster.folder),
            "LEADER_ELECTION_DISABLE": "true",
            "DEFAULT_REQUEUE_TIME": "200ms",
        }


def program(version: str) -> Path:
    """The controller of a version of Argo."""
    modfile = ARGO_VERSIONS[version]
    module, _ = golang.required_version(modfile, schemas.ARGO_MODULE)
    return golang.build(modfile, f"{module}/cmd/workflow-controller")


@functools.cache
def silent_images() -> frozenset[str]:
    """The images of goldens that are given no command; the controller would ask their registries for it."""
    texts = [path.read_text() for path in manifests("argo*.yaml")]
    specs = [one["spec"] for text in texts for one in yaml.load_all(text, yaml.CSafeLoader) if "spec" in one]
    templates = [each for spec in specs for each in spec.get("workflowSpec", spec).get("templates", [])]
    containers = [each["container"] for each in templates if "container" in each]
    return frozenset(each["image"] for each in containers if "command" not in each)


@contextmanager
def at_work(version: str, folder: Path) -> Iterator[Controller]:
    """A control plane with Argo, with its files in a folder, until the end of the block."""
    with running(folder) as cluster:
        controller = Controller(cluster, version)
        try:
            controller.start()
            yield controller
        finally:
            controller.stop()
