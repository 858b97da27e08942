"""The page of the record says what is there: every file, every event, every key of one."""

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from automl.runtime.local.history import STATES, History
from automl.runtime.local.record import events_of

ROOT = Path(__file__).parent.parent.parent.parent
PAGE = (ROOT / "docs" / "record.md").read_text()
AUTOML = Path(sys.executable).with_name("automl")
SCRIPTS = {
    "extract.py": "import os; from pathlib import Path\n"
    'Path(os.environ["AUTOML_OUTPUT_ROWS"]).write_text("1200")\n'
    'Path(os.environ["AUTOML_OUTPUT_TABLE"]).write_text("a,b")\n',
    "fit.py": "",
}
ROWS = {
    name: set(re.findall(r"`(\w+)`", keys)) - set(STATES)
    for name, keys in re.findall(r"^\| `([\w.]+)` \| .* \| (.*) ?\|$", PAGE, re.MULTILINE)
}


def block(language: str) -> str:
    match = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert match
    return match[1]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of the config of the page."""
    project = tmp_path_factory.mktemp("project")
    (project / "config.yaml").write_text(block("yaml"))
    for name, text in SCRIPTS.items():
        (project / name).write_text(text)
    command = [str(AUTOML), "compile", "config.yaml", "-t", "local"]
    program = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True).stdout
    (project / "program.py").write_text(program)
    subprocess.run([sys.executable, "program.py", "--no-queue"], cwd=project, capture_output=True, check=True)
    [folder] = project.glob(".automl/runs/*/")
    return folder


def test_the_files_are_those_of_the_page(run: Path) -> None:
    shown = {line.split()[0] for line in block("text").splitlines()}
    folders = {name for name in shown if name.endswith("/")}
    paths = [path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()]
    there = {next((name for name in folders if path.startswith(name)), path) for path in paths}
    assert there | {name for name in folders if (run / name).is_dir()} == shown


def test_the_events_are_those_of_the_page(run: Path) -> None:
    shown = [json.loads(line) for line in block("json-lines").splitlines()]
    assert [without_chance(event) for event in events_of(run)] == [without_chance(event) for event in shown]


def without_chance(event: dict[str, Any]) -> dict[str, Any]:
    return {
        key: type(value) if key in ("at", "pid", "pid_started") else value for key, value in event.items()
    }


def test_every_event_that_counts_is_in_the_table() -> None:
    methods = {
        name[1:].replace("_", ".", 1): method
        for name, method in vars(History).items()
        if name[1:4] in ("run", "tas")
    }
    assert methods.keys() - {"task"} == ROWS.keys()


@pytest.mark.parametrize("name", sorted(ROWS))
def test_every_key_that_counts_is_in_the_table(name: str) -> None:
    method = getattr(History, f"_{name.replace('.', '_')}")
    read = set(re.findall(r"""event(?:\.get\(|\[)"(\w+)""", inspect.getsource(method)))
    assert read - {"at"} <= ROWS[name]
