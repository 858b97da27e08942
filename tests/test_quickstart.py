"""The quickstart trains, compares and serves, with the commands and variables of its config."""

import fcntl
import hashlib
import json
import math
import os
import re
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

from automl import targets
from automl.compiler.diagnostics import Severity
from automl.compiler.driver import Input, Overrides, analyse, compile_config
from automl.compiler.ir import Constant, OutputOf, Reference, Service, Task
from automl.compiler.target import Options

ROOT = Path(__file__).resolve().parents[1]
QUICKSTART = ROOT / "examples" / "quickstart"
LEFTOVERS = {".venv", "__pycache__"}
REQUIREMENTS = sorted(QUICKSTART.glob("*/requirements.txt"))


class Place(NamedTuple):
    """Where a copy of the project runs."""

    venv: Path
    project: Path
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables of the machine."""
        path = f"{self.venv / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "HOME": str(self.home)}

    def log(self, task: Task) -> Path:
        return self.home / f"{task.step}.log"

    def output(self, task: str, output: str) -> Path:
        """Where a task leaves an output."""
        return self.home / f"{task}.{output}"


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
    return Place(venv, project, home)


@pytest.fixture(scope="session")
def stages() -> dict[str, list[Task]]:
    """The tasks of each stage of the quickstart."""
    return stages_of(QUICKSTART)


def stages_of(project: Path) -> dict[str, list[Task]]:
    """The tasks of each stage, as the compiler hands them to an engine."""
    data = (project / "config.yaml").read_bytes()
    workflow, diagnostics = analyse(Input("config.yaml", data, project), Overrides())
    assert workflow
    assert diagnostics == []
    stages: dict[str, list[Task]] = {}
    for task in workflow.tasks:
        stages.setdefault(task.stage, []).append(task)
    return stages


def variables(task: Task, place: Place) -> dict[str, str]:
    """What a program is given: parameters, the values and the paths of what it takes, and paths for what it leaves."""
    given = {each.variable: value_of(each, place) for each in task.values}
    given |= {each.name: each.value.literal for each in task.variables}
    return given | {each.variable: str(place.output(task.name, each.name)) for each in task.outputs}


def value_of(reference: Reference, place: Place) -> str:
    if reference.known is not None:
        return reference.known
    assert isinstance(reference.source, OutputOf)
    path = place.output(reference.source.task, reference.source.output)
    return str(path) if reference.source.type.is_file else path.read_text().removesuffix("\n")


def command_of(task: Task) -> list[str]:
    return [word.literal for word in task.command.words]


@contextmanager
def start(command: list[str], task: Task, place: Place) -> Iterator[Callable[[], int | None]]:
    """Run a command the way an engine would; yields a poll, and ends the whole process group at last."""
    env = place.environment | variables(task, place)
    with place.log(task).open("wb") as log:
        process = subprocess.Popen(
            command, env=env, cwd=place.project, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield process.poll
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.wait(120)
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


def run_stage(tasks: list[Task], place: Place) -> None:
    """Run the jobs of one stage at the same time."""
    with ExitStack() as stack:
        polls = {task.step: stack.enter_context(start(command_of(task), task, place)) for task in tasks}
        until(lambda: all(poll() is not None for poll in polls.values()), 300)
        codes = {name: poll() for name, poll in polls.items()}
    logs = "\n".join(place.log(task).read_text() for task in tasks)
    assert set(codes.values()) == {0}, f"{codes}\n{logs}"
    for task in tasks:
        assert all(place.output(task.name, output.name).is_file() for output in task.outputs)


def get(url: str) -> tuple[int, Any]:
    """The status and the JSON of an answer; status 0 while nobody listens."""
    try:
        with urllib.request.urlopen(url, timeout=120) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
    except OSError:
        return 0, None


@contextmanager
def serving(service: Service, place: Place) -> Iterator[str]:
    """Start the service with the command of the config on a free port; yields its address once it listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    words, configured = command_of(service), f":{service.port}"
    assert configured in words
    command = [f":{port}" if word == configured else word for word in words]
    url = f"http://127.0.0.1:{port}"
    with start(command, service, place) as poll:
        listening = until(lambda: poll() is not None or get(f"{url}/health")[0] != 0, 120)
        assert listening, place.log(service).read_text()
        assert poll() is None, place.log(service).read_text()
        yield url


def test_the_quickstart_trains_compares_and_serves(place: Place, stages: dict[str, list[Task]]) -> None:
    assert list(stages) == ["processing", "train", "compare", "serve"]
    assert len(stages["train"]) == 2
    for stage in ("processing", "train", "compare"):
        run_stage(stages[stage], place)
    scores = json.loads(place.output("best-model", "scores").read_text())
    assert set(scores) == {"sarimax", "xgboost"}
    assert all(0 < value < 15 for value in scores.values()), scores

    [api] = stages["serve"]
    assert isinstance(api, Service)
    with serving(api, place) as url:
        status, health = get(f"{url}{api.readiness_path}")
        assert (status, health["status"]) == (200, "ok")
        assert health["model"] == min(scores, key=lambda name: scores[name])

        status, info = get(f"{url}/")
        assert (status, info["mape"]) == (200, scores)

        status, answer = get(f"{url}/forecast?months=12")
        assert status == 200
        assert list(answer["forecast"]) == [f"1961-{month:02}" for month in range(1, 13)]
        values = list(answer["forecast"].values())
        assert all(math.isfinite(value) and 350 < value < 800 for value in values), values
        assert max(answer["forecast"], key=lambda month: answer["forecast"][month]) in ("1961-07", "1961-08")

        for months in ("0", "61", "-1", "1.5", "many", "9" * 50):
            status, answer = get(f"{url}/forecast?months={months}")
            assert (status, list(answer)) == (400, ["error"]), months


def test_it_runs_by_hand_as_its_page_says(place: Place) -> None:
    """Everything but what installs; the last command, which serves, answers one request."""
    page = (QUICKSTART / "README.md").read_text(encoding="utf-8")
    [block] = re.findall(r"## By hand.*?```bash\n(.*?)```", page, re.DOTALL)
    lines = block.splitlines()
    assert lines[0].startswith("pip install -r ml_api/requirements.txt ")
    assert lines[-1].startswith("gunicorn -b :5000 ml_api.app:app ")
    ask = "from ml_api.app import app; print(app.test_client().get('/forecast?months=3').json['forecast'])"
    script = "\n".join(["set -eu", *lines[1:-1], "ls $out", f'python -c "{ask}"'])
    done = subprocess.run(
        ["bash", "-c", script],
        check=False,
        cwd=place.project,
        env=place.environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "best.json\nsarimax.json\nscores\ntest.csv\ntrain.csv\nwinner\nxgboost.json\n" in done.stdout
    assert "'1961-03': " in done.stdout


def test_it_holds_out_as_many_months_as_are_asked_for(place: Place, stages: dict[str, list[Task]]) -> None:
    [prepare] = stages["processing"]
    more = [
        each._replace(source=Constant("30")) if each.variable.endswith("HELD_OUT") else each
        for each in prepare.values
    ]
    run_stage([prepare._replace(values=tuple(more))], place)
    train, test = (place.output(prepare.name, part).read_text().splitlines() for part in ("train", "test"))
    assert train[0] == test[0] == "month,passengers"
    assert (train[1], train[-1]) == ("1949-01,112.0", "1958-06,435.0")
    assert (test[1], test[-1]) == ("1958-07,491.0", "1960-12,432.0")


def test_the_first_scripts_of_the_readme_hand_on_what_its_config_says(venv: Path, tmp_path: Path) -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    [config] = [
        text for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if text.startswith("name: churn\n")
    ]
    scripts = dict(re.findall(r"```python\n# (\w+\.py)\n(.*?)```", page, re.DOTALL))
    assert list(scripts) == ["prepare.py", "train_forest.py"]
    place = Place(venv, tmp_path / "project", tmp_path / "home")
    place.project.mkdir()
    place.home.mkdir()
    files = {"config.yaml": config, "train_boosting.py": "", "requirements.txt": "pandas\n", **scripts}
    for name, text in files.items():
        (place.project / name).write_text(text)
    tasks = stages_of(place.project)
    run_stage(tasks["prepare"], place)
    forest = tasks["train"][0]
    run_stage([forest], place)
    assert place.log(forest).read_text() == "3 rows, learning rate 0.001\n"
    assert place.output("prepare", "rows").read_text() == "3"


def test_it_compiles_for_every_engine(tmp_path: Path) -> None:
    """As its page says: for Kubeflow and Slurm without the service."""
    text = (QUICKSTART / "config.yaml").read_text(encoding="utf-8")
    before, _, _ = text.partition("\n  # A step with `service`")
    for name in targets.OWN:
        target = targets.load(name)
        assert target
        data = (before if name.startswith(("kubeflow", "slurm")) else text).encode()
        options = Options(target.default_version, target.forms[0])
        result = compile_config(Input("config.yaml", data, QUICKSTART), Overrides(), target, options)
        assert result.artifacts
        assert [each.message for each in result.diagnostics if each.severity is not Severity.INFO] == []


def test_the_project_is_whole_and_small() -> None:
    files = [path for path in QUICKSTART.rglob("*") if not LEFTOVERS & set(path.parts)]
    assert sum(path.stat().st_size for path in files if path.is_file()) < 60_000


def test_the_service_has_the_libraries_the_models_were_trained_with() -> None:
    models, api = (
        set((QUICKSTART / folder / "requirements.txt").read_text(encoding="utf-8").splitlines())
        for folder in ("models", "ml_api")
    )
    assert models <= api
