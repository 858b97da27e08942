"""Kubeflow packages of the tests, and what happens when kfp.local runs them."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import yaml

from automl import targets
from automl.compiler.diagnostics import has_errors
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.target import Options
from tests.runtime import kubelet

ROOT = Path(__file__).parents[2]
Object = dict[str, Any]


def compiled(project: Path, target: str = "kubeflow", version: str = "", form: str = "") -> str:
    """What automl makes of a project."""
    found = targets.load(target)
    assert found is not None
    given = Input("config.yaml", (project / "config.yaml").read_bytes(), project)
    options = Options(version or found.default_version, form or found.forms[0])
    result = compile_config(given, Overrides(), found, options)
    assert not has_errors(result.diagnostics), result.diagnostics
    [artifact] = result.artifacts
    return artifact.text


def documents(text: str) -> list[Object]:
    """The documents of a file of ours."""
    return list(yaml.load_all(text, yaml.CSafeLoader))


def package_in(found: list[Object]) -> list[Object]:
    """The documents of a package among the documents of a file, also if they are in an object."""
    versions = [each["spec"] for each in found if each.get("kind") == "PipelineVersion"]
    if not versions:
        return found
    [spec] = versions
    return [spec["pipelineSpec"], *([spec["platformSpec"]] if "platformSpec" in spec else [])]


class Job(NamedTuple):
    """A package to run. `folder` is for what the run leaves, `image` what each of its containers has.

    `passes` counts how often the kubelet expands the words of a container: see `kfp_machine`. With `traces`, each
    container is told a file in there, by the number of its start, to write down what it sees.
    """

    package: Path
    folder: Path
    image: Path
    secrets: Mapping[str, Mapping[str, str]] = {}
    passes: int = 2
    traces: Path | None = None

    def as_json(self) -> Object:
        return {
            "package": str(self.package),
            "folder": str(self.folder),
            "image": str(self.image),
            "secrets": self.secrets,
            "passes": self.passes,
            "traces": str(self.traces) if self.traces else "",
        }


class Start(NamedTuple):
    """A container that was started. What applies objects to a cluster was not: its status is None."""

    task: str
    folder: str
    words: list[str]
    start: float
    end: float = 0
    status: int | None = None
    output: str = ""
    errors: str = ""


class Run(NamedTuple):
    """How a package ran: no error is success."""

    error: str
    starts: list[Start]

    def of(self, task: str) -> Start:
        """The only start of a task."""
        [found] = [start for start in self.starts if start.task == task]
        return found


def run(jobs: Sequence[Job]) -> list[Run]:
    """Run packages one after the other, in a process of their own: kfp.local changes what is global."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-W", "ignore", "-m", "tests.conformance.kfp_machine", str(report)]
        text = json.dumps([job.as_json() for job in jobs])
        done = subprocess.run(command, input=text, text=True, capture_output=True, cwd=ROOT, check=False)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr
        found = json.loads(report.read_text(encoding="utf-8"))
    return [Run(each["error"], [Start(**start) for start in each["starts"]]) for each in found]


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder like `tmp_path`, which the container's user can look into."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def make_image(folder: Path) -> Path:
    """What a container sees of an image for Python: a folder on its PATH."""
    (folder / "bin").mkdir(parents=True)
    for name in ("python", "python3"):
        (folder / "bin" / name).symlink_to(kubelet.python())
    return folder


def write_package(project: Path, folder: Path, **options: str) -> Path:
    """The folder, made, with the package of a project in it."""
    folder.mkdir(parents=True)
    package = folder / "package.yaml"
    package.write_text(compiled(project, **options), encoding="utf-8")
    return package
