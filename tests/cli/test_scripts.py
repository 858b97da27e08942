"""A script is run without a config, and the config that says the same can be had."""

import json
from pathlib import Path

import pytest

from tests.running import Project

SCRIPT = """\
import json, os, sys
names = ("AUTOML_PARAM_LR", "AUTOML_PARAM_NAME", "AUTOML_PARAM_DEEP", "GIVEN", "TAKEN", "HERE")
print(json.dumps([sys.argv[1:], [os.environ.get(name) for name in names], sorted(os.listdir("."))]))
"""
FLAGS = (
    "--set",
    "lr=0.10",
    "--set",
    "name=a b",
    "--set",
    "deep=true",
    "--env",
    "GIVEN=${{ params.lr }} $X",
    "--env",
    "TAKEN",
)
ARGUMENTS = ("--epochs", "3", "", "ä ' \" $HOME ${{ run.id }} {{x}}", "--", "-q")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    for path in project.folder.iterdir():
        path.unlink()
    (project.folder / "fit.py").write_text(SCRIPT)
    project.environment |= {"TAKEN": 'here: "x"\n\ty', "HERE": "inherited"}
    return project


def said(project: Project) -> object:
    return json.loads(project.automl("logs", "last", "fit").out)


WANTED = [
    list(ARGUMENTS),
    ["0.10", "a b", "true", "${{ params.lr }} $X", 'here: "x"\n\ty', "inherited"],
    ["fit.py"],
]


def test_a_script_gets_what_the_command_line_says(project: Project) -> None:
    done = project.automl("run", "fit.py", *FLAGS, "--", *ARGUMENTS)
    assert (done.code, said(project)) == (0, WANTED)
    assert project.run().name.startswith("fit-")


def test_the_config_of_a_script_runs_the_same(project: Project) -> None:
    printed = project.automl("run", "fit.py", *FLAGS, "--print-config", "--", *ARGUMENTS)
    assert (printed.code, printed.err) == (0, "")
    assert not project.runs.exists()
    (project.folder / "automl.yaml").write_text(printed.out)
    assert project.automl("run", "-q").code == 0
    assert said(project) == WANTED


def test_flags_are_keys_of_the_step(project: Project) -> None:
    (project.folder / "requirements.txt").write_text("")
    flags = (
        "--requirements",
        "requirements.txt",
        "--resources",
        "cpu=2,memory=1Gi",
        "--image",
        "python:3.12",
    )
    printed = project.automl("run", "fit.py", *flags, "--print-config").out
    for line in (
        'cpu_request: "2"',
        'memory_request: "1Gi"',
        "dependency_path: requirements.txt",
        'image: "python:3.12"',
    ):
        assert f"    {line}\n" in printed.replace("image: python:3.12", 'image: "python:3.12"')


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (
            ["run", "fit.py", "--resources", "gpu=1"],
            '--resources takes cpu=2,memory=4Gi, or one of them, not "gpu=1"',
        ),
        (["run", "fit.py", "--env", "NOT_HERE"], "give it a value: NOT_HERE=…"),
        (["run", "fit.py", "--set", "lr"], '--set takes NAME=VALUE, not "lr"'),
        (["run", "fit.py", "--cpus", "many"], "is no number of processors"),
        (["submit", "fit.py", "--priority", "soon"], '"soon" is none of'),
        (["run", "automl.yaml", "--image", "x"], "--image is for a script"),
        (["run", "automl.yaml", "--", "x"], "only a script takes arguments"),
    ],
)
def test_what_cannot_be_said_of_a_script_or_a_config_is_refused(
    project: Project, words: list[str], problem: str
) -> None:
    done = project.automl(*words)
    assert (done.code, done.out) == (2, "")
    assert problem in done.err
    assert not project.runs.exists()


def test_a_script_that_is_not_there_is_a_finding(project: Project) -> None:
    done = project.automl("run", "fitt.py")
    assert done.code == 1
    assert "fitt.py" in done.err


def test_a_script_elsewhere_brings_its_folder(project: Project) -> None:
    place = project.folder
    project.folder = place.parent / "elsewhere"
    project.folder.mkdir()
    assert project.automl("run", str(place / "fit.py"), "-q").code == 0
    log = project.automl("logs", "last", "fit", "--runs", str(place / ".automl" / "runs")).out
    assert json.loads(log)[2] == ["fit.py"]
