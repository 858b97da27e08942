"""Runs on another machine, by a real sshd on loopback and the user's own ssh."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance import sshd
from tests.conformance.sshd import Box
from tests.running import CONFIG, Project, until

CONTEXTS = "contexts: {box: {target: local, host: box}}\n"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    folder = tmp_path_factory.mktemp("box")
    environment = {"PATH": "/usr/bin:/bin", "TRACE": str(folder / "trace")}
    with sshd.box(folder, environment) as started:
        yield started


@pytest.fixture
def project(tmp_path: Path, box: Box) -> Project:
    """A project here, whose steps leave a trace on the box."""
    project = Project(tmp_path)
    project.trace = box.folder / "trace"
    project.trace.unlink(missing_ok=True)
    (project.folder / "automl.yaml").write_text(CONTEXTS + CONFIG)
    project.environment["PATH"] = f"{box.path}:{os.environ['PATH']}"
    return project


def test_a_run_is_submitted_and_looked_at(project: Project, box: Box) -> None:
    done = project.automl("submit", "--context", "box")
    assert (done.code, done.err) == (0, "")
    name = done.out.strip()
    assert re.fullmatch(r"churn-[a-z0-9]{5}", name)
    assert (box.home / ".automl" / "runs" / name / "run.json").exists()
    assert not project.runs.exists()
    until(lambda: "(3 succeeded)" in project.automl("status", name, "--context", "box").out)
    assert project.done() == ["prepare", "train"]


def test_the_commands_of_the_page_work_one_after_the_other(project: Project) -> None:
    page = (Path(__file__).parents[2] / "docs" / "run.md").read_text()
    section = page[page.index("## On another machine") : page.index("## Environments")]
    [host] = re.findall(r"{(host: .*?)}", section)
    config = project.folder / "automl.yaml"
    config.write_text(config.read_text().replace("host: box", host))
    commands = re.findall(r"^automl (.*?)(?: +#.*)?$", section, re.MULTILINE)
    assert {command.split()[0] for command in commands} == {"submit", "status", "logs", "get"}
    for command in commands:
        done = project.automl(*command.split())
        assert done.code == 0, (command, done)
    assert [*project.folder.glob("churn-*/model")]
