"""The control plane is real: what a cluster does without being asked happens, and what it refuses is refused."""

import json
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conformance import golang
from tests.conformance.cluster import MODFILE, Cluster, until

ROOT = Path(__file__).parents[2]
SAFE = {
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}

KILLED = """\
import os, pathlib, signal, sys
from tests.conformance.cluster import Cluster
cluster = Cluster(pathlib.Path(sys.argv[1]))
cluster.start()
print(cluster.url, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def pod_spec(**security: Any) -> dict[str, Any]:
    container = {"name": "main", "image": "python", "securityContext": {**SAFE, **security}}
    return {"restartPolicy": "Never", "containers": [container]}


def job(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"template": {"spec": pod_spec()}, **spec},
    }


def cron_job(name: str, **spec: Any) -> dict[str, Any]:
    template = {"spec": job("made")["spec"]}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name},
        "spec": {"schedule": "0 0 1 1 *", "jobTemplate": template, **spec},
    }


def apply(cluster: Cluster, namespace: str, *objects: dict[str, Any]) -> None:
    manifest = {"apiVersion": "v1", "kind": "List", "items": objects}
    cluster.kubectl("apply", "-n", namespace, "--server-side", "-f", "-", input=json.dumps(manifest))


def names(cluster: Cluster, namespace: str, kind: str, *options: str) -> set[str]:
    done = cluster.kubectl("get", kind, "-n", namespace, "-o", "name", *options)
    return {line.partition("/")[2] for line in done.stdout.splitlines()}


def pods_of(cluster: Cluster, namespace: str, job_name: str) -> set[str]:
    return names(cluster, namespace, "pods", "-l", f"batch.kubernetes.io/job-name={job_name}")


def addresses(cluster: Cluster, namespace: str, service: str) -> list[str]:
    """Where the requests to a service go."""
    label = f"kubernetes.io/service-name={service}"
    path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices?labelSelector={label}"
    slices = cluster.request("GET", path).body["items"]
    endpoints = [endpoint for one in slices for endpoint in one.get("endpoints") or []]
    return [address for endpoint in endpoints for address in endpoint["addresses"]]


def is_served(url: str) -> bool:
    address = urlsplit(url)
    with socket.socket() as client:
        return client.connect_ex((address.hostname, address.port)) == 0


def first_pod(cluster: Cluster, namespace: str, job_name: str) -> str:
    [pod] = until(lambda: pods_of(cluster, namespace, job_name), f"a pod of {job_name}")
    return pod


def set_status(cluster: Cluster, path: str, **status: Any) -> None:
    """What a kubelet says of a pod, or a controller of what it controls."""
    answer = cluster.request(
        "PATCH", f"{path}/status", {"status": status}, content_type="application/merge-patch+json"
    )
    assert answer.status == 200, answer


def place(cluster: Cluster, pod_path: str, node: str) -> None:
    """What the scheduler does with a pod, on a node that is not there yet."""
    assert cluster.request("POST", "/api/v1/nodes", {"metadata": {"name": node}}).status == 201
    target = {"apiVersion": "v1", "kind": "Node", "name": node}
    body = {"metadata": {"name": pod_path.rpartition("/")[2]}, "target": target}
    assert cluster.request("POST", f"{pod_path}/binding", body).status == 201


def end_pod(cluster: Cluster, namespace: str, pod: str, phase: str) -> None:
    set_status(cluster, f"/api/v1/namespaces/{namespace}/pods/{pod}", phase=phase)


def test_the_version_is_that_of_the_modules(cluster: Cluster) -> None:
    _, wanted = golang.required_version(MODFILE, r"k8s\.io/kubernetes")
    said = json.loads(cluster.kubectl("version", "-o", "json").stdout)
    assert said["serverVersion"]["gitVersion"] == said["clientVersion"]["gitVersion"] == wanted
    assert f"v{said['serverVersion']['major']}.{said['serverVersion']['minor']}." in wanted


def test_a_job_gets_a_pod_and_is_over_when_the_pod_is(cluster: Cluster, namespace: str) -> None:
    apply(cluster, namespace, job("train", backoffLimit=1))
    first = first_pod(cluster, namespace, "train")
    end_pod(cluster, namespace, first, "Failed")
    [second] = until(lambda: pods_of(cluster, namespace, "train") - {first}, "a second pod")
    end_pod(cluster, namespace, second, "Succeeded")
    cluster.kubectl("wait", "-n", namespace, "--for=condition=Complete", "--timeout=180s", "job/train")


def test_a_cron_job_makes_jobs(cluster: Cluster, namespace: str) -> None:
    """It is told that it missed its time, so that nobody waits for the next one."""
    apply(cluster, namespace, cron_job("late"), cron_job("asleep", suspend=True))
    for name in ("late", "asleep"):
        path = f"/apis/batch/v1/namespaces/{namespace}/cronjobs/{name}"
        set_status(cluster, path, lastScheduleTime="2020-06-01T00:00:00Z")
    cluster.kubectl("create", "job", "-n", namespace, "by-hand", "--from=cronjob/asleep")
    [made] = until(lambda: names(cluster, namespace, "jobs") - {"by-hand"}, "a job of the schedule")
    assert made.startswith("late-")


def test_a_token_is_worth_what_its_roles_are(cluster: Cluster, namespace: str) -> None:
    cluster.kubectl("create", "serviceaccount", "-n", namespace, "runner")
    token = cluster.token_for(namespace, "runner")
    path = f"/api/v1/namespaces/{namespace}/pods"
    status, answer = cluster.request("GET", path, token=token)
    assert (status, answer["reason"]) == (403, "Forbidden")
    assert f"system:serviceaccount:{namespace}:runner" in answer["message"]
    assert cluster.request("GET", path, token="made-up").status == 401
    cluster.kubectl("create", "role", "-n", namespace, "reader", "--verb=list", "--resource=pods")
    grant = ("--role=reader", f"--serviceaccount={namespace}:runner")
    cluster.kubectl("create", "rolebinding", "-n", namespace, "runner", *grant)
    until(lambda: cluster.request("GET", path, token=token).status == 200, "the new right")
    assert cluster.request("GET", path.replace(namespace, "default"), token=token).status == 403
    assert cluster.request("GET", path.replace("pods", "secrets"), token=token).status == 403


@pytest.mark.parametrize("bad", [{"runAsUser": 0}, {"allowPrivilegeEscalation": True}])
def test_pod_security_refuses(cluster: Cluster, namespace: str, bad: dict[str, Any]) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods"
    status, answer = cluster.request("POST", path, {"metadata": {"name": "bad"}, "spec": pod_spec(**bad)})
    assert status == 403
    assert 'violates PodSecurity "restricted:latest"' in answer["message"]
    assert cluster.request("POST", path, {"metadata": {"name": "good"}, "spec": pod_spec()}).status == 201


def test_what_belongs_to_a_deleted_object_goes(cluster: Cluster, namespace: str) -> None:
    configmaps = f"/api/v1/namespaces/{namespace}/configmaps"
    status, owner = cluster.request("POST", configmaps, {"metadata": {"name": "owner"}})
    assert status == 201
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    owned = job("owned")
    owned["metadata"]["ownerReferences"] = [reference]
    apply(cluster, namespace, owned)
    first_pod(cluster, namespace, "owned")
    cluster.kubectl("delete", "configmap", "-n", namespace, "owner")
    until(lambda: not names(cluster, namespace, "jobs,pods"), "the end of the job and its pod")


def test_a_job_goes_when_its_time_is_over(cluster: Cluster, namespace: str) -> None:
    apply(cluster, namespace, job("brief", ttlSecondsAfterFinished=1), job("kept"))
    for name in ("brief", "kept"):
        end_pod(cluster, namespace, first_pod(cluster, namespace, name), "Succeeded")
    until(lambda: names(cluster, namespace, "jobs") == {"kept"}, "the end of the brief one alone")


def test_a_service_finds_the_ready_pods_of_a_deployment(cluster: Cluster, namespace: str) -> None:
    labels = {"app": "serve"}
    spec = {**pod_spec(), "restartPolicy": "Always"}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "serve"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "serve"},
        "spec": {"selector": labels, "ports": [{"port": 80}]},
    }
    apply(cluster, namespace, deployment, service)
    until(lambda: len(names(cluster, namespace, "pods")) == 2, "two pods")
    pod = f"/api/v1/namespaces/{namespace}/pods/{min(names(cluster, namespace, 'pods'))}"
    place(cluster, pod, f"node-of-{namespace}")
    ready = [{"type": "Ready", "status": "True"}]
    set_status(cluster, pod, phase="Running", podIPs=[{"ip": "10.0.0.7"}], conditions=ready)
    until(lambda: addresses(cluster, namespace, "serve") == ["10.0.0.7"], "the address of the ready pod")


def test_the_api_server_can_be_away_for_a_while(cluster: Cluster, namespace: str) -> None:
    apply(cluster, namespace, job("before"))
    pod = first_pod(cluster, namespace, "before")
    token = cluster.token_for(namespace, "default")
    cluster.stop_api_server()
    try:
        with pytest.raises(OSError, match="refused"):
            cluster.request("GET", "/readyz")
        assert "refused" in cluster.kubectl("get", "pods", check=False).stderr
    finally:
        cluster.start_api_server()
    assert pods_of(cluster, namespace, "before") == {pod}
    assert cluster.request("GET", "/api/v1/pods", token=token).status == 403
    apply(cluster, namespace, job("after"))
    first_pod(cluster, namespace, "after")


def test_nothing_outlives_tests_that_are_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    until(lambda: not is_served(done.stdout.strip()), "the end of the API server")
    shutil.rmtree(tmp_path / "etcd", ignore_errors=True)
