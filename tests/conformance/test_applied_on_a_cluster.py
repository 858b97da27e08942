"""What runs apply when they are under way, by a real API server: what it refuses then comes hours too late."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from automl import targets
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.target import Options
from tests.conformance.cluster import Answer, Cluster
from tests.golden import applied_in, manifests, objects_in

Object = dict[str, Any]
APPLY = "application/apply-patch+yaml"


ON_CLUSTERS = sorted(targets.OWN.keys() - {"local", "slurm"})


@pytest.mark.parametrize("target", ON_CLUSTERS)
def test_the_api_server_accepts_what_runs_apply(target: str, cluster: Cluster, namespace: str) -> None:
    applied = [(path, found) for path in manifests(f"{target}.yaml") for found in applied_in(path)]
    assert len({path for path, _ in applied}) >= 5
    for pod in [pod for _, found in applied for pod in pods_of(found)]:
        make_account(pod, cluster, namespace)
    refused = [
        (path.parent.name, answer.body["message"])
        for path, found in applied
        for each in (found, *pods_of(found))
        if (answer := dry_run(each, cluster, namespace)).status >= 300
    ]
    assert refused == []


@pytest.mark.parametrize("seconds", [0, 599, 600, 900, 2_147_483_000])
def test_the_api_server_accepts_any_time_to_be_ready(
    seconds: int, cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    service = (
        "{step_name: a, image: i, entrypoint: [r], timeout: 1h, service: {}, min_ready_seconds: SECONDS}"
    )
    config = f"name: w\nstages: {{s: [{service.replace('SECONDS', str(seconds))}]}}"
    target = targets.load("kubernetes")
    assert target
    options = Options(target.default_version, target.forms[0])
    given = Input("config.yaml", config.encode(), tmp_path)
    [artifact] = compile_config(given, Overrides(), target, options).artifacts
    [deployment] = objects_in(list(yaml.safe_load_all(artifact.text)))
    assert deployment["spec"]["minReadySeconds"] == seconds
    answer = dry_run(deployment, cluster, namespace)
    assert answer.status < 300, answer


def make_account(pod: Object, cluster: Cluster, namespace: str) -> None:
    """The ServiceAccount that a pod names, without which none is admitted."""
    if name := pod["spec"].get("serviceAccountName"):
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}?fieldManager=test&force=true"
        assert cluster.request("PATCH", path, account, content_type=APPLY).status < 300


def pods_of(found: Object) -> list[Object]:
    """The pod of a Deployment, which its namespace admits or not long after the Deployment itself."""
    if found["kind"] != "Deployment":
        return []
    meta = {"name": "pod", **found["spec"]["template"]["metadata"]}
    return [{"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": found["spec"]["template"]["spec"]}]


def dry_run(found: Object, cluster: Cluster, namespace: str) -> Answer:
    """Apply an object in all but the last step."""
    version, meta = found["apiVersion"], {**found["metadata"], "namespace": namespace}
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    plural = found["kind"].lower() + ("es" if found["kind"].endswith("s") else "s")
    query = "fieldManager=test&force=true&dryRun=All&fieldValidation=Strict"
    path = f"{root}/namespaces/{namespace}/{plural}/{meta['name']}?{query}"
    return cluster.request("PATCH", path, {**found, "metadata": meta}, content_type=APPLY)
