"""Workflows on a real control plane: our scripts run as processes here, and the tests play the kubelet."""

import os
import re
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import yaml

from automl.runtime.plan import Plan, Service, Step
from tests.conformance.cluster import HOST, Cluster, until
from tests.runtime import kubelet as pods
from tests.runtime.coordinator_pod import laid_out
from tests.waiting import PATIENCE

Object = dict[str, Any]
RIGHTS = {  # all that the coordinator may do
    "jobs.batch": ("get", "list", "watch", "create", "patch", "delete"),
    "cronjobs.batch": ("get",),
    "deployments.apps": ("get", "create", "patch"),
    "pods": ("get", "list"),
}
RBAC = "rbac.authorization.k8s.io"
MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"
READY = [{"type": "Ready", "status": "True"}]
SAFE = {
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def step(name: str, hash: str, *after: str, **more: Any) -> Step:
    """A step of a plan, whose template has the same name."""
    return Step(name, hash, name, after, **more)


def service(name: str, hash: str, *after: str, **more: Any) -> Service:
    """A service of a plan, with one pod, that is looked at every second."""
    return replace(Service(name, hash, deployment(name), after, poll=1), **more)


def plan(*tasks: Step | Service, workflow: str = "churn", repeats: bool = False, workspace: str = "") -> Plan:
    return Plan(workflow, tasks, repeats=repeats, workspace=workspace)


def deployment(name: str, variables: Iterable[str] = ()) -> Object:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod_spec("Always", variables)}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def pod_spec(policy: str, variables: Iterable[str] = ()) -> Object:
    """A pod; the variables have no value yet."""
    container: Object = {"name": "main", "image": "python", "securityContext": SAFE}
    if entries := [{"name": name} for name in variables]:
        container["env"] = entries
    return {"restartPolicy": policy, "containers": [container]}


class Process:
    """A script that runs; what it says is read meanwhile."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path | None = None,
        **settings: Any,
    ) -> None:
        self.lines: list[str] = []
        output: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        self._process = subprocess.Popen(command, cwd=folder, env=environment, **output, **settings)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        with self._process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip("\n"))

    def said(self) -> list[str]:
        """The lines without the times that each begins with."""
        assert all(re.match(r"\d\d:\d\d:\d\d ", line) for line in self.lines), self.lines
        return [line[9:] for line in self.lines]

    def until_it_says(self, text: str) -> None:
        until(lambda: any(text in line for line in self.lines), repr(text), details=lambda: str(self.lines))

    def is_running(self) -> bool:
        return self._process.poll() is None

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def end(self, seconds: float = PATIENCE) -> int:
        """Wait for its end; the exit status."""
        try:
            status = self._process.wait(seconds)
            print(*self.lines, sep="\n")  # pytest shows it if the test fails
            return status
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"still running; it said {self.lines}") from error
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join()

    def kill(self) -> None:
        self._process.kill()
        self.end()


P = TypeVar("P", bound="Place")


class Place:
    """A namespace with a ServiceAccount that has the coordinator's rights and no more."""

    def __init__(self, cluster: Cluster, namespace: str, folder: Path) -> None:
        self.cluster, self.namespace, self.folder = cluster, namespace, folder
        self.batch = f"/apis/batch/v1/namespaces/{namespace}"
        self.processes: list[Process] = []
        cluster.create_namespace(namespace)
        self.allow("coordinator", RIGHTS)

    def allow(self, account: str, rights: Mapping[str, Sequence[str]]) -> None:
        """A new ServiceAccount with these rights, and what a pod of it finds mounted."""
        rules = [
            {"apiGroups": [group], "resources": [resource], "verbs": verbs}
            for (resource, _, group), verbs in ((key.partition("."), verbs) for key, verbs in rights.items())
        ]
        subject = {"kind": "ServiceAccount", "name": account, "namespace": self.namespace}
        role = {"apiGroup": RBAC, "kind": "Role", "name": account}
        self.apply("v1", "ServiceAccount", account)
        self.apply(f"{RBAC}/v1", "Role", account, rules=rules)
        self.apply(f"{RBAC}/v1", "RoleBinding", account, roleRef=role, subjects=[subject])
        self.mount(account)

    def make_accounts(self, text: str) -> None:
        """The ServiceAccounts that a manifest names and does not make; with all rights where it gives none."""
        named = set(re.findall(r'"?serviceAccountName\\*"?: \\*"?([-a-z0-9.]+)', text))
        made = {
            each["metadata"]["name"]
            for each in yaml.load_all(text, yaml.CSafeLoader)
            if each["kind"] == "ServiceAccount"
        }
        for account in named - made:
            self.apply("v1", "ServiceAccount", account)
            if not made:
                subject = {"kind": "ServiceAccount", "name": account, "namespace": self.namespace}
                role = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "cluster-admin"}
                self.apply(f"{RBAC}/v1", "RoleBinding", account, roleRef=role, subjects=[subject])

    def mount(self, account: str) -> None:
        """What a pod of an account finds mounted."""
        mount = self.folder / account
        mount.mkdir()
        (mount / "token").write_text(self.cluster.token_for(self.namespace, account))
        (mount / "namespace").write_text(self.namespace)
        shutil.copy(self.cluster.ca_file, mount / "ca.crt")

    # what the administrator does

    def ask(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Object:
        status, answer = self.cluster.request(method, path, body, content_type=content_type)
        assert status < 300, answer
        return answer

    def apply(self, version: str, kind: str, name: str, notes: Any = None, **more: Any) -> None:
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        path = f"{root}/namespaces/{self.namespace}/{kind.lower()}s/{name}?fieldManager=test&force=true"
        meta = {"name": name, "annotations": notes or {}}
        self.ask("PATCH", path, {"apiVersion": version, "kind": kind, "metadata": meta, **more}, APPLY)

    def apply_templates(self, plan: Plan, **more: Any) -> None:
        """The templates of the steps, as the compiler's output has them; `more` is of the Jobs' `spec`."""
        labels = {"automl.dev/workflow": plan.workflow, "team": "ml"}
        for task in plan.tasks:
            if isinstance(task, Step):
                template = {"spec": pod_spec("Never", task.values)}
                spec = {"backoffLimit": 0, "template": template, **more}
                job = {"metadata": {"labels": labels, "annotations": {"note": "mine"}}, "spec": spec}
                whole = {"suspend": True, "schedule": "0 0 1 1 *", "jobTemplate": job}
                annotations = {"automl.dev/hash": task.hash}
                self.apply("batch/v1", "CronJob", task.template, annotations, spec=whole)

    def make_run(self, name: str, labels: Mapping[str, str] = MappingProxyType({})) -> None:
        """The Job that a coordinator belongs to; no pod of it is wanted."""
        spec = {"suspend": True, "template": {"spec": pod_spec("Never")}}
        meta = {"name": name, "labels": dict(labels)}
        self.ask("POST", f"{self.batch}/jobs", {"metadata": meta, "spec": spec})

    # what runs in pods

    def run(self, name: str, plan: Plan, **of_jobs: Any) -> Process:
        """Apply a workflow and start its coordinator."""
        self.apply_templates(plan, **of_jobs)
        self.make_run(name)
        return self.start(name, plan)

    def start(
        self, name: str, plan: Plan, url: str = "", account: str = "coordinator", **environment: str
    ) -> Process:
        """Start a coordinator that belongs to the Job with this name."""
        program = laid_out(self.folder / f"{name}-{len(self.processes)}", plan)
        return self.start_program(
            program.command, program.folder, account, url, AUTOML_JOB=name, **environment
        )

    def start_text(self, text: str, arguments: Sequence[str], account: str, url: str = "") -> Process:
        """Start a script that is in the command of a pod."""
        return self.start_program([str(pods.python()), "-c", text, *arguments], self.folder, account, url)

    def start_program(
        self, command: Sequence[str], folder: Path, account: str, url: str = "", **environment: str
    ) -> Process:
        """Start a program in a folder, as in a pod that runs as this account."""
        server = urlsplit(url or self.cluster.url)
        of_pod = {
            "KUBERNETES_SERVICE_HOST": str(server.hostname),
            "KUBERNETES_SERVICE_PORT": str(server.port),
            "AUTOML_SERVICE_ACCOUNT": str(self.folder / account),
            "PATH": os.defpath,
        }
        process = Process(command, {**of_pod, **environment}, folder)
        self.processes.append(process)
        return process

    # what became of it

    def jobs(self) -> dict[str, Object]:
        """The Jobs of steps by name."""
        found = self.ask("GET", f"{self.batch}/jobs?labelSelector=automl.dev/workflow")
        return {job["metadata"]["name"]: job for job in found["items"]}

    def deployment(self, name: str) -> Object:
        return self.ask("GET", f"/apis/apps/v1/namespaces/{self.namespace}/deployments/{name}")

    def pods(self, selector: str = "") -> list[Object]:
        path = f"/api/v1/namespaces/{self.namespace}/pods?labelSelector={quote(selector)}"
        return list(self.ask("GET", path)["items"])

    # what a kubelet does

    def end_pod(self, job: str, phase: str = "Succeeded", **status: Any) -> None:
        """End the pod of a Job, as soon as there is one that runs."""
        self.set_status(self.live_pod(f"batch.kubernetes.io/job-name={job}"), phase=phase, **status)

    def end_with(self, job: str, message: bytes, container: str = "main") -> None:
        """End the pod of a Job well, with last words of a container."""
        self.end_pod(job, containerStatuses=[terminated(message, container)])

    def make_ready(self, service: str) -> None:
        """Make the pod of a service ready, as soon as there is one that is not."""
        self.set_status(self.live_pod(f"app={service}"), phase="Running", conditions=READY)

    def live_pod(self, selector: str) -> Object:
        return until(lambda: next(filter(is_alive, self.pods(selector)), {}), f"a pod with {selector}")

    def set_status(self, pod: Object, **status: Any) -> None:
        path = f"/api/v1/namespaces/{self.namespace}/pods/{pod['metadata']['name']}/status"
        self.ask("PATCH", path, {"status": status}, MERGE)


def terminated(message: bytes, container: str = "main") -> Object:
    """What a kubelet says of a container that has ended well."""
    state = {"terminated": {"exitCode": 0, "reason": "Completed", "message": message.decode()}}
    fields = {"image": "python", "imageID": "", "ready": False, "restartCount": 0}
    return {"name": container, "state": state, **fields}


def is_alive(pod: Object) -> bool:
    """Whether there is something to do for a kubelet yet."""
    return pod["status"]["phase"] == "Pending" and "deletionTimestamp" not in pod["metadata"]


@contextmanager
def placed(cluster: Cluster, test: str, folder: Path, kind: type[P]) -> Iterator[P]:
    """A place for one test; no process outlives it."""
    place = kind(cluster, re.sub(r"[^a-z0-9]+", "-", test.removeprefix("test_"))[:63].strip("-"), folder)
    try:
        yield place
    finally:
        for process in place.processes:
            process.kill()


@contextmanager
def kubelet(place: Place, messages: Mapping[str, bytes] = MappingProxyType({})) -> Iterator[list[str]]:
    """While this is open all goes well with every pod; the Jobs whose pods have ended, one by one.

    The messages are the last words of pods, by the beginnings of the names of their Jobs.
    """
    closed, ended = threading.Event(), list[str]()

    def work() -> None:
        while not closed.wait(0.1):
            for pod in filter(is_alive, place.pods()):
                if "app" in pod["metadata"]["labels"]:
                    place.set_status(pod, phase="Running", conditions=READY)
                else:
                    job = pod["metadata"]["labels"]["batch.kubernetes.io/job-name"]
                    said = [terminated(messages[name]) for name in messages if job.startswith(f"{name}-")]
                    place.set_status(pod, phase="Succeeded", containerStatuses=said)
                    ended.append(job)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield ended
    finally:
        closed.set()
        thread.join()


class Gate:
    """A way to the API server that can be shut.

    The scripts make a connection for every request; at one more than is allowed the gate kills its `victim`.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._server = urlsplit(cluster.url)
        self._listener = socket.create_server((HOST, 0))
        self.url = f"https://{HOST}:{self._listener.getsockname()[1]}"
        self.is_shut = False
        self.passed = 0
        self.allowed = 0
        self.victim: Process | None = None
        self.before: dict[int, Callable[[], None]] = {}  # what happens before so many have passed
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()

    def shut(self) -> None:
        """Let nobody through from now on."""
        self.is_shut = True
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        self.shut()
        for thread in self._threads:
            thread.join()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.victim and self.passed == self.allowed:
                    self.victim.signal(signal.SIGKILL)
                    client.close()
                elif self.is_shut:
                    client.close()
                else:
                    self.before.pop(self.passed, lambda: None)()
                    self.passed += 1
                    self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        server = socket.create_connection((self._server.hostname, self._server.port))
        for source, sink in ((client, server), (server, client)):
            self._open.add(source)
            self._threads.append(threading.Thread(target=self._pump, args=(source, sink)))
            self._threads[-1].start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with source:
            with suppress(OSError):
                while data := source.recv(65536):
                    sink.sendall(data)
            for each in (source, sink):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            self._open.discard(source)


@contextmanager
def gate_to(cluster: Cluster) -> Iterator[Gate]:
    gate = Gate(cluster)
    try:
        yield gate
    finally:
        gate.close()
