"""Hosts, paths and classes of an ingress: what we accept a real API server accepts, what we refuse it refuses."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from automl import targets
from automl.compiler.driver import Input, Overrides, Result, compile_config
from automl.compiler.target import Options
from tests.conformance.cluster import Cluster

PLACES = {
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "Service": "/api/v1/namespaces/{}/services",
    "Ingress": "/apis/networking.k8s.io/v1/namespaces/{}/ingresses",
}
LEGAL_LABELS = [
    "a",
    "example",
    "com",
    "10",
    "0",
    "255",
    "256",
    "01",
    "00000000010",
    "1a",
    "xn--1",
    "a--b",
    63 * "x",
]
WRONG_LABELS = ["A", "-a", "a-", "", "*", "a_b", "ü", "a*", " "]
PARTS = [
    "a",
    "v1.2",
    "..a",
    "a..",
    "%20",
    "%2",
    "2f",
    "ü",
    "~",
    "a:b",
    "?",
    "",
    ".",
    "..",
    "%2f",
    "%2F",
    "a%2Fb",
]


def _names(labels: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(labels), min_size=1, max_size=5).map(".".join).filter(bool)


legal_names = _names(LEGAL_LABELS)
names = legal_names | _names(LEGAL_LABELS + WRONG_LABELS)
hosts = names | names.map("*.{}".format)
paths = st.lists(st.sampled_from(PARTS), max_size=4).map(lambda parts: "/" + "/".join(parts))


def compiled(host: str, path: str, class_name: str, folder: Path) -> Result:
    ingress = {"host": host, "path": path, "class": class_name}
    step = {"step_name": "api", "image": "acme/api", "timeout": 60, "service": {"ingress": ingress}}
    text = json.dumps({"name": "w", "stages": {"s": [step]}}, ensure_ascii=False)
    target = targets.load("kubernetes")
    assert target
    options = Options(target.default_version, target.forms[0])
    return compile_config(Input("config.yaml", text.encode(), folder), Overrides(), target, options)


def objects_of(result: Result) -> list[Any]:
    found = list(yaml.load_all(result.artifacts[0].text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    return [each for each in found if each["kind"] in PLACES]


@cache
def plain_ingress(folder: Path) -> str:
    found = objects_of(compiled("example.com", "/", "nginx", folder))
    return json.dumps(next(each for each in found if each["kind"] == "Ingress"))


def is_taken(cluster: Cluster, namespace: str, found: Any) -> bool:
    """Whether the API server would make the object."""
    place = PLACES[found["kind"]].format(namespace)
    status, answer = cluster.request("POST", f"{place}?dryRun=All", found)
    assert status in (201, 422), answer
    return status == 201


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(hosts, paths, names)
@example("10.0.0.1", "/", "nginx")
@example("010.0.00.255", "/", "nginx")
@example("10.0.0.256", "/", "nginx")
@example("10.10.10.10.a", "/", "nginx")
@example("*.10.0.0.1", "/", "nginx")
@example(".".join(["x" * 61] * 4 + ["a" * 5]), "/", "nginx")
@example(".".join(["x" * 61] * 4 + ["a" * 6]), "/", "nginx")
@example("*." + ".".join(["x" * 61] * 4 + ["a" * 3]), "/", "nginx")
@example("*." + ".".join(["x" * 61] * 4 + ["a" * 4]), "/", "nginx")
def test_ingress(cluster: Cluster, namespace: str, host: str, path: str, class_name: str) -> None:
    result = compiled(host, path, class_name, cluster.folder)
    if result.artifacts:
        found = objects_of(result)
        assert {each["kind"] for each in found} == {"Service", "Ingress"}
        assert all(is_taken(cluster, namespace, each) for each in found)
        return
    ingress = json.loads(plain_ingress(cluster.folder))
    ingress["spec"]["ingressClassName"] = class_name
    ingress["spec"]["rules"][0]["host"] = host
    ingress["spec"]["rules"][0]["http"]["paths"][0]["path"] = path
    assert not is_taken(cluster, namespace, ingress)
