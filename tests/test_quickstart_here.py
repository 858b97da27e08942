"""What the README says to paste: a fresh virtual environment, and one command that trains, compares and answers."""

import json
import math
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.tree import copied

PATIENCE = 300  # seconds, on a machine that does much else, and whose caches are empty
PORT = "5000"
CACHES = {"PIP_CACHE_DIR": "pip", "UV_CACHE_DIR": "uv"}  # what was downloaded before is not again


def clone(folder: Path, port: str) -> str:
    """The files as one gets them, with the section of the README; the service listens where nobody else does."""
    copied(folder)
    config = folder / "examples" / "quickstart" / "config.yaml"
    text = config.read_text(encoding="utf-8")
    assert text.count(PORT) == 2
    config.write_text(text.replace(PORT, port), encoding="utf-8")
    page = (folder / "README.md").read_text(encoding="utf-8")
    [section] = re.findall(r"\n## Quickstart\n(.*?)\n## ", page, re.DOTALL)
    return str(section).replace(f":{PORT}", f":{port}")


def newcomer(home: Path) -> dict[str, str]:
    """The variables of somebody with a fresh virtual environment, and nothing of the developer's but downloads."""
    subprocess.run([sys.executable, "-m", "venv", str(home / "venv")], check=True)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    own = {name: text for name, text in os.environ.items() if not name.startswith(("XDG_", "PYTHON"))}
    folders = [home / "venv" / "bin", *map(Path, os.environ["PATH"].split(os.pathsep))]
    path = [str(folder) for folder in folders if folder != Path(sys.executable).parent]
    kept = {name: os.environ.get(name, str(cache / folder)) for name, folder in CACHES.items()}
    return {**own, **kept, "HOME": str(home), "PATH": os.pathsep.join(path)}


@contextmanager
def running(
    line: str, folder: Path, variables: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A line that somebody has typed, as it goes on: a group of processes, which Ctrl-C reaches."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {line}"],
            cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE)


def until(condition: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, log.read_text(errors="replace")
        time.sleep(0.1)


def answer(address: str) -> Any:
    """The JSON of an answer; None while nobody gives any."""
    try:
        with urllib.request.urlopen(address, timeout=120) as response:
            return json.load(response)
    except OSError:
        return None


def left(home: Path) -> list[str]:
    """The processes that live and have anything to do with a folder, by their environments, words or folders."""
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            words = (process / "cmdline").read_bytes()
            about = (process / "environ").read_bytes() + words + os.fsencode((process / "cwd").readlink())
            if state not in "ZX" and os.fsencode(home) in about:
                lines.append(f"{process.name} {words!r}")
    return lines


@pytest.mark.slow
def test_it_trains_compares_and_answers_by_one_command(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    folder, log = tmp_path / "clone", tmp_path / "log"
    section = clone(folder, port)
    install, run = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)[0].splitlines()
    assert run.startswith("automl run ")
    [address] = re.findall(r"`curl \"([^\"]+)\"`", section)
    variables = newcomer(tmp_path)
    subprocess.run(["bash", "-c", install], cwd=folder, env=variables, check=True)
    with running(run, folder, variables, log) as process:
        until(lambda: process.poll() is not None or answer(f"http://{address}") is not None, log)
        assert process.poll() is None, log.read_text()
        forecast = answer(f"http://{address}")["forecast"]
        assert len(forecast) == 12
        assert all(math.isfinite(value) and 350 < value < 800 for value in forecast.values()), forecast
        until(lambda: f"http://localhost:{port}/health" in log.read_text(), log)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(PATIENCE) == 0, log.read_text()
    assert left(tmp_path) == []
    listed = subprocess.run(
        ["automl", "status", "--format", "json"],
        cwd=folder / "examples" / "quickstart", env=variables, capture_output=True, text=True, check=True,
    )  # fmt: skip
    status = json.loads(listed.stdout)
    assert status["state"] == "succeeded"
    assert {task["name"]: task["state"] for task in status["tasks"]} == dict.fromkeys(
        ("prepare-and-save", "train-sarimax", "train-xgboost", "best-model", "api"), "succeeded"
    )
