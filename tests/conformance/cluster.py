"""A Kubernetes control plane for tests: etcd, the API server and the controllers, on loopback.

All of it is Kubernetes' own code, compiled from its Go modules into one program on first use, which takes
minutes, and kept outside the tree (see `cache`). There are no nodes, so nothing runs a pod: a test that
wants one to start or to end writes its status.

To test with another version of Kubernetes, change every version of a k8s.io module in `control_plane/go.mod`,
take etcd's from what k8s.io/kubernetes requires, and run `go mod tidy` there.
"""

import csv
import http.client
import json
import os
import random
import secrets
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from automl.runtime.cluster import encoded
from tests.conformance import golang

HOST = "127.0.0.1"
MODFILE = "control_plane/go.mod"
# Those that a workload meets. The one that collects garbage pods is not among them: it would take away a
# pod that a test put on a node which does not exist.
CONTROLLERS = (
    "clusterrole-aggregation-controller",
    "cronjob-controller",
    "deployment-controller",
    "endpoints-controller",
    "endpointslice-controller",
    "garbage-collector-controller",
    "job-controller",
    "namespace-controller",
    "replicaset-controller",
    "resourcequota-controller",
    "root-ca-certificate-publisher-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "statefulset-controller",
    "ttl-after-finished-controller",
)
START_SECONDS = 180
T = TypeVar("T")


class Answer(NamedTuple):
    """What the API server said; text that is not JSON is the value of "text"."""

    status: int
    body: dict[str, Any]


class Cluster:
    """A control plane whose files are all in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.admin_token = secrets.token_hex(16)
        self.ca_file = folder / "ca.crt"
        self.kubeconfig = folder / "admin.kubeconfig"
        self._program = program()
        self._controllers_token = secrets.token_hex(16)
        self._etcd_port, self._port = _free_ports(2)
        self.url = f"https://{HOST}:{self._port}"
        self._etcd = _Part("etcd", self._program, folder, self._etcd_options())
        self._api_server = _Part("kube-apiserver", self._program, folder, self._api_server_options())
        self._controllers = _Part(
            "kube-controller-manager", self._program, folder, self._controllers_options()
        )

    def start(self) -> None:
        """Start everything; when it returns, an object that is created finds its controllers at work."""
        self._write_settings()
        self._etcd.start()
        self.start_api_server()
        self._controllers.start()
        until(lambda: self._has_default_account("default"), "the controllers", START_SECONDS, self.logs)

    def stop(self) -> None:
        """Stop everything and leave nothing but the logs and the settings."""
        for part in (self._controllers, self._api_server, self._etcd):
            part.stop()
        shutil.rmtree(self.folder / "etcd", ignore_errors=True)

    def start_api_server(self) -> None:
        """Start the API server, on the port and the data that it had before, and wait until it is ready."""
        self._api_server.start()
        until(self._is_ready, "the API server", START_SECONDS, self.logs)

    def stop_api_server(self) -> None:
        """End the API server as a crash does; until it is started again every request raises OSError."""
        self._api_server.stop()

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: str | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        """Ask the API server, as the administrator or as the owner of a token."""
        headers = {"Authorization": f"Bearer {token or self.admin_token}", "Content-Type": content_type}
        context = ssl.create_default_context(cafile=str(self.ca_file))
        connection = http.client.HTTPSConnection(HOST, self._port, timeout=120, context=context)
        try:
            # encoded as ours: a test holds what arrives against what was sent
            connection.request(method, path, None if body is None else encoded(body), headers)
            response = connection.getresponse()
            return Answer(response.status, _decoded(response.read().decode()))
        finally:
            connection.close()

    def kubectl(
        self, *arguments: str, input: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as the administrator, with nothing of the settings of whoever runs the tests."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "KUBECONFIG": str(self.kubeconfig),
        }
        command = [str(self._program), "kubectl", *arguments]
        done = subprocess.run(
            command, env=environment, input=input or "", text=True, capture_output=True, check=False
        )
        assert done.returncode == 0 or not check, f"kubectl {' '.join(arguments)}:\n{done.stderr}"
        return done

    def create_namespace(self, name: str, restricted: bool = True) -> None:
        """Make a namespace, with the strictest Pod Security or none, and wait until pods can be made in it."""
        labels = {"pod-security.kubernetes.io/enforce": "restricted"} if restricted else {}
        status, answer = self.request(
            "POST", "/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}}
        )
        assert status == 201, answer
        until(lambda: self._has_default_account(name), f"the default service account of {name}")

    def token_for(self, namespace: str, service_account: str) -> str:
        """A token of a service account, as its pods are given one."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{service_account}/token"
        status, answer = self.request("POST", path, {"spec": {"expirationSeconds": 3600}})
        assert status == 201, answer
        return str(answer["status"]["token"])

    def logs(self) -> str:
        """The ends of the logs."""
        return "\n".join(part.log_end() for part in (self._etcd, self._api_server, self._controllers))

    def _is_ready(self) -> bool:
        assert self._api_server.is_running(), self.logs()
        try:
            return self.request("GET", "/readyz").status == 200
        except OSError:
            return False

    def _has_default_account(self, namespace: str) -> bool:
        return self.request("GET", f"/api/v1/namespaces/{namespace}/serviceaccounts/default").status == 200

    def _write_settings(self) -> None:
        subprocess.run([self._program, "keys", str(self.folder)], check=True)
        with (self.folder / "tokens.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow([self.admin_token, "admin", "admin", "system:masters"])
            rows.writerow([self._controllers_token, "system:kube-controller-manager", "controllers"])
        self._write_kubeconfig(self.kubeconfig, self.admin_token)
        self._write_kubeconfig(self.folder / "controllers.kubeconfig", self._controllers_token)

    def _write_kubeconfig(self, path: Path, token: str) -> None:
        settings = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [
                {"name": "test", "cluster": {"server": self.url, "certificate-authority": str(self.ca_file)}}
            ],
            "users": [{"name": "test", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        }
        path.write_text(json.dumps(settings))

    def _etcd_options(self) -> list[str]:
        url = f"http://{HOST}:{self._etcd_port}"
        return [
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={url}",
            f"--advertise-client-urls={url}",
            f"--listen-peer-urls=http://{HOST}:0",
            "--unsafe-no-fsync",
            # A request may take 5 s and twice the election timeout (etcd 3.6, server/config/config.go, ReqTimeout):
            # a disk that other tests write to holds one up for longer than 7 s. One member elects itself at once.
            "--heartbeat-interval=1000",
            "--election-timeout=15000",
            "--log-level=warn",
        ]

    def _api_server_options(self) -> list[str]:
        return [
            f"--etcd-servers=http://{HOST}:{self._etcd_port}",
            f"--bind-address={HOST}",
            f"--advertise-address={HOST}",
            f"--secure-port={self._port}",
            f"--tls-cert-file={self.folder / 'server.crt'}",
            f"--tls-private-key-file={self.folder / 'server.key'}",
            f"--token-auth-file={self.folder / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={self.folder / 'tokens.key'}",
            f"--service-account-signing-key-file={self.folder / 'tokens.key'}",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--endpoint-reconciler-type=none",
            "--allow-privileged=true",
        ]

    def _controllers_options(self) -> list[str]:
        return [
            f"--kubeconfig={self.folder / 'controllers.kubeconfig'}",
            f"--controllers={','.join(CONTROLLERS)}",
            f"--service-account-private-key-file={self.folder / 'tokens.key'}",
            f"--root-ca-file={self.ca_file}",
            "--use-service-account-credentials=true",
            "--leader-elect=false",
            "--secure-port=0",
            "--kube-api-qps=1000",
            "--kube-api-burst=1000",
        ]


class _Part:
    """A process of the control plane, which ends when its standard input does."""

    def __init__(self, name: str, program: Path, folder: Path, options: Sequence[str]) -> None:
        self._command = [str(program), name, *options]
        self._log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        # In a session of its own, or ctrl-c would end it before the tests that are using it.
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
            )

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.close()
            self._process.wait(30)

    def log_end(self) -> str:
        text = self._log.read_text(errors="replace") if self._log.exists() else ""
        return f"--- the end of {self._log}\n{text[-4000:]}"


def program() -> Path:
    """The program that holds every part of the control plane, and kubectl."""
    _, version = golang.required_version(MODFILE, r"k8s\.io/kubernetes")
    return golang.build(MODFILE, variables={"k8s.io/component-base/version.gitVersion": version})


@contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """A control plane with its files in a folder, until the end of the block."""
    cluster = Cluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def until(condition: Callable[[], T], what: str, seconds: float = 180, details: Callable[[], str] = str) -> T:
    """The first true value of a condition that should hold soon.

    Controllers ask a server that was away less and less often, up to half a minute.
    """
    end = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        if value := condition():
            return value
        assert time.monotonic() < end, f"no sign of {what} in {seconds} seconds\n{details()}"
        took = time.monotonic() - began
        time.sleep(min(0.05 + 3 * took, 1))  # who is asked has other things to do


def _free_ports(number: int) -> list[int]:
    # Below those that systems give to clients: while the API server is down, none may end up on its port.
    found: list[int] = []
    while len(found) < number:
        port = random.randrange(15_000, 32_000)
        if port not in found and _is_free(port):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        try:
            one.bind((HOST, port))
        except OSError:
            return False
    return True


def _decoded(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"text": text}
