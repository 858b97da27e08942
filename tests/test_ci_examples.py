"""The examples for CI: the document shows them, their linters pass them, and their commands are run."""

import os
import re
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from automl.compiler import __version__
from tests.conformance import golang
from tests.test_pre_commit import environment, snapshot

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "ci.md"
SCHEMAS = {"github.yml": "vendor.github-workflows", "gitlab.yml": "vendor.gitlab-ci"}
EXAMPLES = {name: ROOT / "examples" / "ci" / name for name in SCHEMAS}
ACTIONLINT = ("actionlint/go.mod", "github.com/rhysd/actionlint/cmd/actionlint")
URL = "https://github.com/OWNER/REPO"
CONFIG = """\
name: churn
stages:
  train:
    - step_name: train
      path_to_executable: train.py
  serve:
    - step_name: api
      path_to_executable: api.py
      timeout: 5m
      service: {}
"""

examples = pytest.mark.parametrize("path", EXAMPLES.values(), ids=EXAMPLES)


class Place(NamedTuple):
    """A repository of a user, and what its commands see in CI."""

    folder: Path
    env: Mapping[str, str]

    def run(self, command: str) -> tuple[int, str]:
        """The status and the output of a command, run as GitHub runs one: by bash, until the first failure."""
        done = subprocess.run(
            ["bash", "-e", "-c", command],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout


def place_of(path: Path) -> str:
    """Where an example belongs in a repository; its first line says so."""
    return path.read_text().partition("\n")[0].removeprefix("# ")


def commands(path: Path) -> list[str]:
    """The commands of an example, in order."""
    found: Any = yaml.safe_load(path.read_text())
    if "jobs" in found:
        return [step["run"] for job in found["jobs"].values() for step in job["steps"] if "run" in step]
    return [line for job in found.values() for line in job["script"]]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """An environment with automl, installed as the examples do it: from this tree, under the URL they name."""
    folder = tmp_path_factory.mktemp("ci")
    (folder / "automl").mkdir()
    env = environment(folder)
    snapshot(folder / "automl", env)
    subprocess.run(["git", "tag", f"v{__version__}"], cwd=folder / "automl", env=env, check=True)
    venv.create(folder / "venv", with_pip=True)
    env["PATH"] = f"{folder}/venv/bin{os.pathsep}{os.environ['PATH']}"
    env["GIT_CONFIG_COUNT"] = "1"
    env["GIT_CONFIG_KEY_0"] = f"url.file://{folder}/automl.insteadOf"
    env["GIT_CONFIG_VALUE_0"] = URL
    place = Place(folder, env)
    [install] = {command for path in EXAMPLES.values() for command in commands(path) if "pip" in command}
    assert install == f"pip install git+{URL}@v{__version__}"
    status, output = place.run(install)
    assert status == 0, output
    return place


@pytest.fixture
def project(python: Place, tmp_path: Path) -> Place:
    place = Place(tmp_path, python.env)
    (tmp_path / "config.yaml").write_text(CONFIG)
    for name in ("train.py", "api.py"):
        (tmp_path / name).write_text("")
    for path in EXAMPLES.values():
        (tmp_path / place_of(path)).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place_of(path)).write_text(path.read_text())
    assert place.run("git init --quiet && git add --all")[0] == 0
    return place


@examples
def test_document_shows_the_example(path: Path) -> None:
    assert f"```yaml\n{path.read_text()}```\n" in DOCUMENT.read_text()


@pytest.mark.slow
@examples
def test_example_is_of_the_schema_of_its_service(path: Path, tmp_path: Path) -> None:
    misspelt = tmp_path / path.name
    misspelt.write_text(re.sub(r"^( +)(steps|script):", r"\1scrpit:", path.read_text(), flags=re.MULTILINE))
    for file, status in ((path, 0), (misspelt, 1)):
        program = Path(sys.executable).with_name("check-jsonschema")
        command = [str(program), "--builtin-schema", SCHEMAS[path.name], str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout


@pytest.mark.slow
def test_actionlint_has_nothing_to_say(tmp_path: Path) -> None:
    text = EXAMPLES["github.yml"].read_text()
    misspelt = tmp_path / "misspelt.yml"
    misspelt.write_text(text.replace("python-version", "pyhton-version"))
    options = ("-no-color", "-oneline", "-shellcheck=", "-pyflakes=")
    for file, said in ((EXAMPLES["github.yml"], ""), (misspelt, 'input "pyhton-version" is not defined')):
        command = [str(golang.build(*ACTIONLINT)), *options, str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == (1 if said else 0), done.stdout
        assert said in done.stdout


@pytest.mark.slow
@examples
def test_check_passes_until_something_changes(path: Path, project: Place) -> None:
    [check] = [command for command in commands(path) if command.startswith("automl ")]
    compiled = check.removesuffix(" --check")
    assert f"\n{compiled}\n" in DOCUMENT.read_text()
    status, output = project.run(check)
    assert status == 1
    assert '"manifests/churn.kubernetes.yaml" is not there' in output
    assert project.run(compiled) == (0, "")
    assert project.run(check) == (0, "")
    (project.folder / "train.py").write_text("print('changed')\n")
    status, output = project.run(check)
    assert status == 1
    assert "--- manifests/churn.kubernetes.yaml\n" in output
    assert "error[AML701]" in output
    assert project.run(compiled) == (0, "")
    assert project.run(check) == (0, "")
