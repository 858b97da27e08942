"""What `cluster.py` does on a real control plane, passed to Python as text, as in a manifest."""

import json
import signal
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar
from zipfile import ZipFile

import pytest

from automl.runtime import script
from automl.runtime.outputs import encode
from tests.conformance.cluster import HOST, Cluster, until
from tests.conformance.workflows import (
    Object,
    Place,
    Process,
    deployment,
    gate_to,
    kubelet,
    placed,
)
from tests.runtime.kubelet import variables_of
from tests.targets.nasty import NASTY

RIGHTS = {
    f"{resource}.{group}": ("create", "patch", "get")
    for resource, group in (
        ("deployments", "apps"),
        ("services", ""),
        ("configmaps", ""),
        ("ingresses", "networking.k8s.io"),
    )
}
RUN = "automl.dev/run"
TRAPS = ("\U0001f680", "a\u2028b\u2029c\x85d", "\\ud83d\\ude80", "\x7f\x80\ufffe\ufeff", "\U0001fffe")


@pytest.fixture
def place(cluster: Cluster, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with placed(cluster, request.node.name, tmp_path, Place) as place:
        place.allow("deployer", RIGHTS)
        yield place


def start(place: Place, *arguments: str, url: str = "") -> Process:
    return place.start_text(script("cluster.py"), arguments, "deployer", url)


def address() -> Object:
    spec = {"selector": {"app": "serve"}, "ports": [{"name": "http", "port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "serve"}, "spec": spec}


def way_in() -> Object:
    backend = {"service": {"name": "serve", "port": {"name": "http"}}}
    rule = {"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    meta = {"name": "serve"}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": meta,
        "spec": {"rules": [rule]},
    }


def config_map(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"ä": "ö"}}


def test_every_run_applies_all_and_replaces_the_pods(place: Place) -> None:
    objects = [json.dumps([deployment("serve"), address()]), json.dumps(way_in())]
    with kubelet(place):
        first = start(place, "--run", "one", *objects)
        assert first.end() == 0
    assert first.said()[:3] == [f"{kind}/serve: applied" for kind in ("deployment", "service", "ingress")]
    assert first.said()[-1].startswith("deployment/serve: rolled out after ")
    second = start(place, "--run", "two", *objects)
    second.until_it_says("deployment/serve: 1 of 1 pods are new, 1 available, 1 old ones left")
    place.make_ready("serve")
    assert second.end() == 0
    [pod] = place.pods("app=serve")
    assert pod["metadata"]["annotations"] == {RUN: "two"}


def test_an_older_run_that_comes_later_changes_nothing(place: Place) -> None:
    def run(name: str, created: int) -> Process:
        wanted = deployment("serve")
        wanted["spec"]["template"]["spec"]["containers"][0]["image"] = f"api:{name}"
        return start(place, "--run", name, "--created", str(created), json.dumps([wanted, address()]))

    with kubelet(place):
        assert run("newer", 2_000_000_000).end() == 0
        older = run("older", 1_999_999_999)
        assert older.end() == 1
        assert older.said() == ["error: a newer run has changed deployment/serve; this run ends"]
        assert place.deployment("serve")["spec"]["template"]["spec"]["containers"][0]["image"] == "api:newer"
        assert run("newer", 2_000_000_000).end() == 0, "a pod of the same run that starts again"
        assert run("newest", 2_000_000_001).end() == 0
    assert place.deployment("serve")["spec"]["template"]["spec"]["containers"][0]["image"] == "api:newest"


def test_a_run_whose_deployment_another_has_changed_ends(place: Place) -> None:
    older = start(place, "--run", "older", "--created", "1", json.dumps(deployment("serve")))
    older.until_it_says("0 available")
    newer = start(place, "--run", "newer", "--created", "2", json.dumps(deployment("serve")))
    assert older.end() == 1
    assert older.said()[-1] == "error: another run has changed deployment/serve; this run ends"
    until(lambda: len(place.pods("app=serve")) > 1, "the pod of the newer run")
    with kubelet(place):
        assert newer.end() == 0


def test_what_changes_between_two_requests_is_seen(place: Place) -> None:
    """The Deployment is another each time that it is asked for; only what was seen is replaced."""
    with kubelet(place):
        assert start(place, "--run", "first", json.dumps(deployment("serve"))).end() == 0
        second = start(place, "--run", "second", json.dumps(deployment("serve")))
        for number in range(20):
            place.cluster.kubectl(
                "annotate", "--overwrite", "deployment", "serve", "-n", place.namespace, f"note={number}"
            )
        assert second.end() == 0
    found = place.deployment("serve")
    assert found["metadata"]["annotations"]["note"] == "19"
    assert found["spec"]["template"]["metadata"]["annotations"] == {RUN: "second"}


def test_a_newer_run_between_two_requests_is_not_overwritten(place: Place) -> None:
    """The older run has looked at the Deployment; before it applies its own, the newer one has changed it."""
    with kubelet(place), gate_to(place.cluster) as gate:
        assert start(place, "--run", "first", "--created", "1", json.dumps(deployment("serve"))).end() == 0

        def overtake() -> None:
            newer = start(place, "--run", "newer", "--created", "3", json.dumps(deployment("serve")))
            newer.until_it_says("applied")

        gate.before[1] = overtake
        older = start(
            place, "--run", "older", "--created", "2", json.dumps(deployment("serve")), url=gate.url
        )
        assert older.end() == 1
    assert older.said() == ["error: a newer run has changed deployment/serve; this run ends"]
    found = place.deployment("serve")
    assert found["spec"]["template"]["metadata"]["annotations"] == {RUN: "newer"}


def test_a_newer_run_keeps_its_address(place: Place) -> None:
    """The older run has applied its Deployment; before it applies the rest, the newer one has come."""
    older_port, newer_port = address(), address()
    newer_port["spec"]["ports"][0]["port"] = 8080
    with kubelet(place), gate_to(place.cluster) as gate:

        def overtake() -> None:
            both = json.dumps([deployment("serve"), newer_port])
            start(place, "--run", "newer", "--created", "3", both).until_it_says("service/serve: applied")

        gate.before[2] = overtake
        both = json.dumps([deployment("serve"), older_port])
        older = start(place, "--run", "older", "--created", "2", both, url=gate.url)
        assert older.end() == 1
    assert older.said()[-1] == "error: another run has changed deployment/serve; this run ends"
    found = place.ask("GET", f"/api/v1/namespaces/{place.namespace}/services/serve")
    assert found["spec"]["ports"][0]["port"] == 8080


def test_what_the_user_notes_stays(place: Place) -> None:
    wanted = deployment("serve")
    wanted["metadata"]["annotations"] = wanted["spec"]["template"]["metadata"]["annotations"] = {"mine": "x"}
    with kubelet(place):
        assert start(place, "--run", "one", "--created", "0", json.dumps(wanted)).end() == 0
    found = place.deployment("serve")
    assert found["spec"]["template"]["metadata"]["annotations"] == {"mine": "x", RUN: "one"}
    noted = {"mine": "x", "automl.dev/run-created": "1970-01-01T00:00:00Z"}
    assert found["metadata"]["annotations"].items() >= noted.items()


def test_variables_without_a_value_get_what_tasks_have_left(place: Place) -> None:
    texts = {f"V{number}": text for number, text in enumerate([*NASTY, *TRAPS, "", "a=b"])}
    plain = {f"P{number}": text for number, text in enumerate(["%41", "$(HOME) $$", "a=b", ""])}
    wanted = deployment("serve", [*texts, *plain, "OTHER"])
    [container] = wanted["spec"]["template"]["spec"]["containers"]
    container["env"] += [{"name": "V0X", "value": "mine"}]
    wanted["spec"]["template"]["spec"]["initContainers"] = [{**container, "name": "first"}]
    options = [word for name, text in texts.items() for word in ("--value", f"{name}={encode(text)}")]
    options += [word for name, text in plain.items() for word in ("--plain", f"{name}={text}")]
    with kubelet(place):
        assert start(place, *options, json.dumps(wanted)).end() == 0
    pod = place.deployment("serve")["spec"]["template"]["spec"]
    for container in (*pod["initContainers"], *pod["containers"]):
        assert variables_of(container["env"], {}) == {**texts, **plain, "OTHER": "", "V0X": "mine"}


def test_what_others_set_stays_and_what_is_no_longer_said_goes(place: Place) -> None:
    assert start(place, json.dumps({**config_map("mine"), "data": {"a": "1", "b": "2"}})).end() == 0
    place.cluster.kubectl("annotate", "configmap", "mine", "-n", place.namespace, "note=theirs")
    assert start(place, json.dumps({**config_map("mine"), "data": {"b": "3"}})).end() == 0
    found = place.ask("GET", f"/api/v1/namespaces/{place.namespace}/configmaps/mine")
    assert (found["data"], found["metadata"]["annotations"]) == ({"b": "3"}, {"note": "theirs"})


def test_code_comes_from_a_program(place: Place, tmp_path: Path) -> None:
    """The ConfigMap without data gets it, another one does not."""
    with ZipFile(tmp_path / "code", "w") as program:
        program.writestr("__main__.py", "print('é')")
        program.writestr("outputs.py", "")
        program.writestr("code.tar.bz2", b"\xff\0")
    empty: Object = {**config_map("code"), "immutable": True}
    del empty["data"]
    objects = [json.dumps(empty), json.dumps({**config_map("mine"), "data": {"a": "1"}})]
    for _ in range(2):
        process = start(place, "--code", str(tmp_path / "code"), *objects)
        assert process.end() == 0, process.said()
    path = f"/api/v1/namespaces/{place.namespace}/configmaps"
    found, mine = place.ask("GET", f"{path}/code"), place.ask("GET", f"{path}/mine")
    assert found["data"] == {"start.py": "print('é')", "outputs.py": ""}
    assert found["binaryData"] == {"code.tar.bz2": "/wA="}
    assert "binaryData" not in mine


def test_any_text_arrives(place: Place) -> None:
    """What is sent is JSON, and is read as YAML."""
    texts = {f"text-{number}": text for number, text in enumerate([*NASTY, *TRAPS])}
    assert start(place, json.dumps({**config_map("texts"), "data": texts})).end() == 0
    found = place.ask("GET", f"/api/v1/namespaces/{place.namespace}/configmaps/texts")
    assert found["data"] == texts


def test_rollout_has_a_deadline(place: Place) -> None:
    process = start(place, "--deadline", "1", json.dumps(deployment("serve")))
    assert process.end() == 1
    assert process.said()[-1] == (
        "error: deployment/serve: not rolled out in 1 s: 1 of 1 pods are new, 0 available, 0 old ones left; "
        f"look at: kubectl describe deployment/serve -n {place.namespace}"
    )


def test_no_progress_is_said_and_waited_for(place: Place) -> None:
    wanted = deployment("serve")
    wanted["spec"]["progressDeadlineSeconds"] = 1
    process = start(place, json.dumps(wanted))
    process.until_it_says("; no progress: ReplicaSet ")
    place.make_ready("serve")
    assert process.end() == 0


def test_refused_object_is_one_line(place: Place) -> None:
    process = start(place, json.dumps({**config_map("mine"), "data": {"no/key": ""}}))
    assert process.end() == 1
    [line] = process.said()
    assert line.startswith('error: ConfigMap "mine" is invalid: data[no/key]: ')
    assert line.endswith(" (Invalid 422)")


def test_sigterm_ends_the_wait_at_once(place: Place) -> None:
    process = start(place, json.dumps(deployment("serve")))
    process.until_it_says("deployment/serve: applied")
    process.signal(signal.SIGTERM)
    assert process.end(5) == 143


class Busy(BaseHTTPRequestHandler):
    """What stands before an API server may answer in its stead; one that is well cannot be made to."""

    answers: ClassVar[list[tuple[int, dict[str, str], bytes]]] = []

    def do_PATCH(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, headers, body = self.answers.pop(0)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_server_that_is_busy_is_asked_again_when_it_says(place: Place) -> None:
    Busy.answers = [
        (429, {"Retry-After": "2"}, b"{}"),
        (503, {}, b"<html>"),
        (200, {}, b"{}"),
    ]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place.cluster.folder / "server.crt", place.cluster.folder / "server.key")
    with HTTPServer((HOST, 0), Busy) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        began = time.monotonic()
        process = start(place, json.dumps(config_map("mine")), url=f"https://{HOST}:{server.server_port}")
        try:
            assert process.end() == 0
        finally:
            server.shutdown()
            thread.join()
    assert time.monotonic() - began > 2 + 1
    assert process.said() == [
        "asking the API server again, for up to 600 s: refused (HTTP 429)",
        "the API server answers again",
        "configmap/mine: applied",
    ]
