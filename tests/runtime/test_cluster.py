"""What `cluster.py` does that needs no cluster; the rest is in tests/conformance/test_apply_on_a_cluster.py."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from automl.runtime import cluster

Object = dict[str, Any]


def deployment(**status: Any) -> Object:
    meta = {"name": "serve", "namespace": "ml", "generation": 2}
    return {"kind": "Deployment", "metadata": meta, "spec": {"replicas": 2}, "status": status}


DONE = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


@pytest.mark.parametrize(
    ("change", "is_done"),
    [
        ({}, True),
        ({"observedGeneration": 3}, True),
        ({"observedGeneration": 1}, False),
        ({"replicas": 3}, False),
        ({"updatedReplicas": 1}, False),
        ({"availableReplicas": 1}, False),
    ],
)
def test_rollout_is_over_when_only_new_pods_are_there(change: Object, is_done: bool) -> None:
    assert cluster.is_rolled_out(deployment(**{**DONE, **change})) is is_done


def test_rollout_of_nothing_is_over_when_it_was_seen() -> None:
    found = deployment(observedGeneration=2)
    found["spec"]["replicas"] = 0
    assert cluster.is_rolled_out(found)
    assert not cluster.is_rolled_out({**found, "status": {}})


def test_last_words_have_the_numbers_and_where_to_look() -> None:
    late = {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "it timed out."}
    found = deployment(replicas=3, updatedReplicas=1, availableReplicas=2, conditions=[late])
    assert cluster.too_late(found, 90.0) == (
        "not rolled out in 90 s: 1 of 2 pods are new, 2 available, 2 old ones left; no progress: it timed out.; "
        "look at: kubectl describe deployment/serve -n ml"
    )


@pytest.mark.parametrize(
    ("answer", "retry_after", "text", "seconds"),
    [
        (b'{"reason": "Invalid", "message": "a\\nb"}', "", "a b (Invalid 422)", 0),
        (b'{"type": "ERROR", "object": {"reason": "Expired", "message": "old"}}', "", "old (Expired 422)", 0),
        (b"<html>\n bad  gateway</html>", "7", "<html> bad gateway</html> (HTTP 422)", 7),
        (b"[]", "Wed, 21 Oct 2015 07:28:00 GMT", "[] (HTTP 422)", 0),
        (b"\xff", "", "\ufffd (HTTP 422)", 0),
        (b"", "", "refused (HTTP 422)", 0),
    ],
)
def test_refusal_is_one_line(answer: bytes, retry_after: str, text: str, seconds: float) -> None:
    error = cluster.refusal(422, answer, retry_after)
    assert (cluster.described(error), error.status, error.retry_after) == (text, 422, seconds)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (TimeoutError(), "TimeoutError"),
        (KeyError("AUTOML_JOB"), "KeyError: 'AUTOML_JOB'"),
        (ValueError("two\n  lines"), "two lines"),
    ],
)
def test_error_is_one_line_that_says_something(error: Exception, text: str) -> None:
    assert cluster.described(error) == text


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "namespace").write_text("ml\n")
    monkeypatch.setenv("AUTOML_SERVICE_ACCOUNT", str(tmp_path))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    return cluster.Cluster()


@pytest.mark.parametrize(
    ("version", "kind", "namespace", "path"),
    [
        ("v1", "ConfigMap", {}, "/api/v1/namespaces/ml/configmaps/a"),
        ("apps/v1", "Deployment", {"namespace": "web"}, "/apis/apps/v1/namespaces/web/deployments/a"),
        ("networking.k8s.io/v1", "Ingress", {}, "/apis/networking.k8s.io/v1/namespaces/ml/ingresses/a"),
    ],
)
def test_path_of_an_object(server: Any, version: str, kind: str, namespace: Object, path: str) -> None:
    found = {"apiVersion": version, "kind": kind, "metadata": {"name": "a", **namespace}}
    assert server.path(found) == path


def test_outside_of_a_cluster_it_says_so(root: Path) -> None:
    done = run(root / "runtime" / "cluster.py", "{}")
    assert (done.returncode, done.stderr) == (75, "")
    assert done.stdout[8:] == " error: this is no pod of a cluster: KUBERNETES_SERVICE_HOST is not set\n"


def test_what_is_not_json_is_wrong_usage(root: Path) -> None:
    done = run(root / "runtime" / "cluster.py", "{")
    assert done.returncode == 2
    assert "argument objects: invalid loads value: '{'" in done.stderr


def run(*command: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, *map(str, command)]
    return subprocess.run(words, env={}, capture_output=True, text=True, check=False)
