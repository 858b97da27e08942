"""The disks of a workflow on a real API server: what it takes, keeps, and refuses to change."""

from typing import Any

from automl.compiler.ir import Access, Mount, Node, Output, Type, Workflow
from automl.compiler.target import Options
from automl.compiler.values.units import parse_memory
from automl.targets import load
from tests.by_hand import SPAN, job, workflow
from tests.conformance.cluster import Cluster
from tests.conformance.test_applied_on_a_cluster import dry_run, pods_of
from tests.targets.test_disks import SHARED, VOLUMES, every
from tests.targets.test_references import emitted, service

Object = dict[str, Any]


def wanted(size: str = "10Gi") -> Workflow:
    """A job that mounts everything, an image that leaves something, and a service that takes it."""
    mounts = tuple(
        Mount(volume.name, f"/data/{volume.name}", volume.name == "team", SPAN) for volume in VOLUMES
    )
    outputs = (Output("rows", Type.INT, None, SPAN), Output("table", Type.FILE, None, SPAN))
    nodes: list[Node] = [
        job("mounts", mounts=mounts, uses_workspace=True),
        job("leaves", "mounts", outputs=outputs, uses_workspace=True),
        service(job("serves", "leaves", uses_workspace=True)),
    ]
    return workflow(nodes)._replace(workspace=SHARED._replace(size=parse_memory(size)), volumes=VOLUMES)


def text(disks: Workflow) -> str:
    target = load("kubernetes")
    assert target
    [artifact] = target.emit(disks, Options(target.default_version, target.forms[0])).artifacts
    return artifact.text


def test_disks_are_taken_and_applied_again_change_nothing(cluster: Cluster, namespace: str) -> None:
    """The namespace has the strictest Pod Security, also for the pods that the coordinator makes later."""
    for expected in ("created", "unchanged"):
        said = cluster.kubectl(
            "apply", "--validate=strict", "-n", namespace, "-f", "-", input=text(wanted())
        ).stdout.splitlines()
        assert "persistentvolumeclaim/by-hand-workspace" in {line.split()[0] for line in said}
        assert {line.split()[-1] for line in said} == {expected}
    documents = emitted("kubernetes", None, wanted())
    templates = [value["spec"]["jobTemplate"]["spec"] for value in documents if value["kind"] == "CronJob"]
    deployments = [value for value in every(documents) if value.get("kind") == "Deployment"]
    jobs = [
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": f"job-{number}"}, "spec": spec}
        for number, spec in enumerate(templates)
    ]
    pods = [pod_of(spec["template"]) for spec in templates]
    pods += [pod for deployment in deployments for pod in pods_of(deployment)]
    assert (len(jobs), len(pods)) == (2, 3)
    for document in (*jobs, *deployments, *pods):
        assert dry_run(document, cluster, namespace).status < 300, dry_run(document, cluster, namespace)


def pod_of(template: Object) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "pod", **template["metadata"]},
        "spec": template["spec"],
    }


def test_a_disk_that_nobody_has_used_cannot_be_changed(cluster: Cluster, namespace: str) -> None:
    """What the page of the target says of it; the rest of the file is applied all the same."""
    cluster.kubectl("apply", "-n", namespace, "-f", "-", input=text(wanted()))
    for changed in (
        wanted("5Gi"),
        wanted("20Gi"),
        wanted()._replace(workspace=SHARED._replace(access=Access.MANY_NODES)),
    ):
        done = cluster.kubectl("apply", "-n", namespace, "-f", "-", input=text(changed), check=False)
        assert done.returncode == 1
        assert "is immutable after creation" in done.stderr
        assert 'PersistentVolumeClaim "by-hand-workspace" is invalid' in done.stderr
        assert "coordinator unchanged" in done.stdout


def test_a_disk_can_grow_where_its_class_can(cluster: Cluster, namespace: str) -> None:
    grows = {
        "metadata": {"name": f"grows-{namespace}"},
        "provisioner": "example.com/p",
        "allowVolumeExpansion": True,
    }
    assert cluster.request("POST", "/apis/storage.k8s.io/v1/storageclasses", grows).status == 201
    for size, status in (("10Gi", 0), ("20Gi", 0), ("5Gi", 1)):
        of_class = wanted()._replace(
            workspace=SHARED._replace(size=parse_memory(size), storage_class=f"grows-{namespace}")
        )
        done = cluster.kubectl("apply", "-n", namespace, "-f", "-", input=text(of_class), check=False)
        assert done.returncode == status
        path = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/by-hand-workspace"
        claim = cluster.request("GET", path).body
        claim["status"] = {
            "phase": "Bound",
            "capacity": {"storage": "10Gi"},
            "accessModes": ["ReadWriteOnce"],
        }
        assert cluster.request("PUT", f"{path}/status", claim).status == 200
