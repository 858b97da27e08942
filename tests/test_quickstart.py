"""The quickstart trains, compares and serves, with the commands and variables of its config."""

import fcntl
import hashlib
import json
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
QUICKSTART = ROOT / "examples" / "quickstart"
LEFTOVERS = {".store", ".venv", "__pycache__"}
Step = dict[str, Any]
REQUIREMENTS = sorted(QUICKSTART.glob("*/requirements.txt"))


class Place(NamedTuple):
    """Where a copy of the project runs."""

    venv: Path
    project: Path
    home: Path
    store: str

    def log(self, step: Step) -> Path:
        return self.home / f"{step['step_name']}.log"


def install(venv: Path) -> None:
    uv = shutil.which("uv", path=f"{ROOT / '.venv-tools' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
    python = str(venv / "bin" / "python")
    files = [word for path in REQUIREMENTS for word in ("-r", str(path))]
    if uv:
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(venv)], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *files], check=True)
    else:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *files], check=True)


@pytest.fixture(scope="session")
def venv() -> Path:
    """An environment with the quickstart's requirements, installed once for each set of them."""
    key = hashlib.sha256(sys.version.encode())
    for path in REQUIREMENTS:
        key.update(path.read_bytes())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "automl-tests"
    folder = cache / f"quickstart-{key.hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            install(folder / "venv")
            (folder / "installed").touch()
    return folder / "venv"


@pytest.fixture
def place(venv: Path, tmp_path: Path) -> Place:
    project = tmp_path / "project"
    shutil.copytree(QUICKSTART, project, ignore=shutil.ignore_patterns(*LEFTOVERS))
    home = tmp_path / "home"
    home.mkdir()
    return Place(venv, project, home, (tmp_path / "store").as_uri())


@pytest.fixture
def config() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((QUICKSTART / "config.yaml").read_text(encoding="utf-8"))
    return loaded


def load_stages(config: dict[str, Any]) -> dict[str, list[Step]]:
    """The stages of the config, each step with the defaults under it."""
    defaults = config["defaults"]
    return {
        stage: [{**defaults, **step, "envs": {**defaults["envs"], **step.get("envs", {})}} for step in steps]
        for stage, steps in config["stages"].items()
    }


@contextmanager
def start(command: list[str], step: Step, place: Place) -> Iterator[Callable[[], int | None]]:
    """Run a command the way an engine would; yields a poll, and ends the whole process group at last."""
    path = f"{place.venv / 'bin'}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, **step["envs"], "PATH": path, "HOME": str(place.home)}
    env.pop("STORE_URL")
    if place.store:
        env["STORE_URL"] = place.store
    with place.log(step).open("wb") as log:
        process = subprocess.Popen(
            command, env=env, cwd=place.project, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield process.poll
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()


def until(done: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def run_stage(steps: list[Step], place: Place) -> None:
    """Run the jobs of one stage at the same time."""
    with ExitStack() as stack:
        polls = {
            step["step_name"]: stack.enter_context(start(["python", step["path_to_executable"]], step, place))
            for step in steps
        }
        until(lambda: all(poll() is not None for poll in polls.values()), 300)
        codes = {name: poll() for name, poll in polls.items()}
    logs = "\n".join(place.log(step).read_text() for step in steps)
    assert set(codes.values()) == {0}, f"{codes}\n{logs}"


def get(url: str) -> tuple[int, Any]:
    """The status and the JSON of an answer; status 0 while nobody listens."""
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
    except OSError:
        return 0, None


@contextmanager
def serving(step: Step, place: Place) -> Iterator[str]:
    """Start the service with the command of the config on a free port; yields its address once it listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    configured = f":{step['service']['port']}"
    assert configured in step["command"]
    command = [f":{port}" if word == configured else word for word in step["command"]]
    url = f"http://127.0.0.1:{port}"
    with start(command, step, place) as poll:
        listening = until(lambda: poll() is not None or get(f"{url}/health")[0] != 0, 120)
        assert listening, place.log(step).read_text()
        assert poll() is None, place.log(step).read_text()
        yield url


def test_the_quickstart_trains_compares_and_serves(place: Place, config: dict[str, Any]) -> None:
    stages = load_stages(config)
    assert list(stages) == ["processing", "train", "compare", "serve"]
    assert len(stages["train"]) == 2
    for stage in ("processing", "train", "compare"):
        run_stage(stages[stage], place)

    [api] = stages["serve"]
    with serving(api, place) as url:
        status, health = get(url + api["service"]["readiness"]["path"])
        assert (status, health["status"]) == (200, "ok")

        status, info = get(f"{url}/")
        assert status == 200
        mape = info["metrics"]["mape"]
        assert set(mape) == {"sarimax", "xgboost"}
        assert all(0 < value < 15 for value in mape.values()), mape
        assert info["metrics"]["best"] == health["model"] == min(mape, key=lambda name: mape[name])

        status, answer = get(f"{url}/forecast?months=12")
        assert status == 200
        assert list(answer["forecast"]) == [f"1961-{month:02}" for month in range(1, 13)]
        values = list(answer["forecast"].values())
        assert all(math.isfinite(value) and 350 < value < 800 for value in values), values
        assert max(answer["forecast"], key=lambda month: answer["forecast"][month]) in ("1961-07", "1961-08")

        for months in ("0", "61", "-1", "1.5", "many", "9" * 50):
            status, answer = get(f"{url}/forecast?months={months}")
            assert (status, list(answer)) == (400, ["error"]), months


def test_without_a_store_the_files_stay_in_the_project(place: Place, config: dict[str, Any]) -> None:
    by_hand = place._replace(store="")
    run_stage(load_stages(config)["processing"], by_hand)
    store = place.project / ".store"
    train, test = ((store / "data" / f"{part}.csv").read_text().splitlines() for part in ("train", "test"))
    assert train[0] == test[0] == "month,passengers"
    assert (train[1], train[-1]) == ("1949-01,112.0", "1958-12,337.0")
    assert (test[1], test[-1]) == ("1959-01,360.0", "1960-12,432.0")


def test_the_service_is_not_ready_before_there_is_a_model(place: Place, config: dict[str, Any]) -> None:
    [api] = load_stages(config)["serve"]
    with serving(api, place) as url:
        for page in ("/health", "/forecast"):
            status, answer = get(url + page)
            assert status == 503
            assert "no model yet" in answer["error"]


def test_the_project_is_whole_and_small(config: dict[str, Any]) -> None:
    for step in (step for steps in load_stages(config).values() for step in steps):
        assert "command" in step or (QUICKSTART / step["path_to_executable"]).is_file()
        assert (QUICKSTART / step["dependency_path"]).is_file()
        assert all(isinstance(value, str) for value in step["envs"].values())
    files = [
        path for path in QUICKSTART.rglob("*") if not {".store", ".venv", "__pycache__"} & set(path.parts)
    ]
    assert sum(path.stat().st_size for path in files if path.is_file()) < 60_000


def test_the_service_has_the_libraries_the_models_were_trained_with() -> None:
    models, api = (
        set((QUICKSTART / folder / "requirements.txt").read_text(encoding="utf-8").splitlines())
        for folder in ("models", "ml_api")
    )
    assert models <= api
