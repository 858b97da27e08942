"""Services: ready when they answer, late when they do not, refused where something listens already."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from automl.runtime.local import services
from automl.runtime.local.plan import Service, Task
from tests.runtime.local.plans import finish, history, new_run, shell, states

SERVER = """
import http.server, sys, time
begin = time.time()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/ready" and time.time() - begin > {seconds} else 500)
        self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(({host!r}, {port}), Handler).serve_forever()
"""


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def server(port: int, host: str = "127.0.0.1", seconds: float = 0.5) -> str:
    """The text of a program that listens, and is ready after a while."""
    return SERVER.format(seconds=seconds, port=port, host=host)


def serve(service: Service, text: str = "") -> Task:
    command = ["python3", "-c", text or server(service.port)]
    return Task("serve", "s", "serve", [*command], project=True, service=service)


def test_a_path_that_answers_badly_at_first_is_waited_for(port: int, tmp_path: Path) -> None:
    folder = new_run(tmp_path, [serve(Service(port, "/ready", startup=30)), shell("next", "true", ["serve"])])
    begin = time.monotonic()
    status, text = finish(folder, "--stop-services")
    assert status == 0, text
    assert time.monotonic() - begin > 0.5
    assert states(folder) == {"serve": "succeeded", "next": "succeeded"}


@pytest.mark.parametrize("path", ["/ready", None])
@pytest.mark.parametrize("host", ["127.0.0.2", "127.0.0.3"])
def test_every_address_of_localhost_is_asked(
    path: str | None, host: str, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server may choose either; a machine without IPv6 has others that will do."""
    assert services.HOSTS == ("127.0.0.1", "::1")
    monkeypatch.setattr(services, "HOSTS", ("127.0.0.2", "127.0.0.3"))
    assert not services.is_taken(port)
    probe = services.Probe(Service(port, path))
    process = subprocess.Popen([sys.executable, "-c", server(port, host, seconds=0)])
    until = time.monotonic() + 20
    try:
        while not probe.is_ready():
            assert time.monotonic() < until
            time.sleep(0.05)
        assert services.is_taken(port)
    finally:
        process.kill()
        process.wait()


def test_it_must_stay_ready(port: int, tmp_path: Path) -> None:
    folder = new_run(tmp_path, [serve(Service(port, min_ready=2))])
    begin = time.monotonic()
    assert finish(folder, "--stop-services")[0] == 0
    assert time.monotonic() - begin > 2


def test_who_goes_on_has_the_service_again(port: int, tmp_path: Path) -> None:
    folder = new_run(tmp_path, [serve(Service(port))])
    for _ in range(2):
        status, text = finish(folder, "--stop-services")
        assert status == 0, text
        assert "serve: is ready" in text


@pytest.mark.parametrize("limits", [{"startup": 1}, {"deadline": 1}, {"startup": 60, "deadline": 1}])
def test_one_that_is_not_ready_in_time_has_failed(limits: dict[str, int], port: int, tmp_path: Path) -> None:
    folder = new_run(tmp_path, [serve(Service(port, "/never", **limits)), shell("next", "true", ["serve"])])
    status, text = finish(folder)
    assert status == 1, text
    assert history(folder).tasks["serve"].reason == "was not ready within 1 seconds"
    assert "next" not in {path.name for path in (folder / "tasks").iterdir()}


def test_nothing_starts_where_its_port_is_taken(port: int, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", port)):
        folder = new_run(tmp_path, [shell("first", f"touch {tmp_path}/x"), serve(Service(port))])
        status, text = finish(folder)
    assert (status, (tmp_path / "x").exists()) == (2, False)
    assert f"serve: something listens on port {port} already" in text


def test_one_that_ends_before_it_is_ready_has_failed(port: int, tmp_path: Path) -> None:
    folder = new_run(tmp_path, [serve(Service(port), "pass"), shell("next", "true", ["serve"])])
    assert finish(folder)[0] == 1
    assert history(folder).tasks["serve"].reason == "ended with status 0"


def test_one_that_ends_while_it_is_used_fails_the_run(port: int, tmp_path: Path) -> None:
    used = tmp_path / "used"
    listens = f"import os, socket, time\ns = socket.create_server(('127.0.0.1', {port}))"
    text = f"{listens}\nwhile not os.path.exists({str(used)!r}): time.sleep(0.02)"
    folder = new_run(
        tmp_path, [serve(Service(port), text), shell("next", f"touch {used}; sleep 3", ["serve"])]
    )
    status, said = finish(folder, "--stop-services")
    assert "serve: is ready" in said
    assert status == 1, said
    assert history(folder).tasks["serve"].state == "failed"
