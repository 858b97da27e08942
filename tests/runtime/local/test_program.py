"""The program in one file: it has all that it imports, and runs on the oldest Python that it promises."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from automl import targets
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.target import Options
from automl.runtime import local_scripts

CONFIG = b"""\
name: p
stages:
  s:
    - step_name: job
      path_to_executable: main.py
"""
NOT_HERE = ("automl.runtime.store", "automl.runtime.trial_run")
SCRIPTS = {name: text for name, text in local_scripts().items() if name.endswith(".py")}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_module_is_of_the_oldest_python_and_can_stand_in_a_program(name: str) -> None:
    ast.parse(SCRIPTS[name], feature_version=(3, 9))
    assert "'''" not in SCRIPTS[name]
    assert SCRIPTS[name][-1:] in ("\n", "")


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_a_module_imports_of_ours_is_there(name: str) -> None:
    """But for the store, and for results of trials as one text: on a machine, both are files."""
    nodes = [node for node in ast.walk(ast.parse(SCRIPTS[name])) if isinstance(node, ast.ImportFrom)]
    for node in nodes:
        first, _, rest = (node.module or "").partition(".")
        if first == "automl" and node.module not in NOT_HERE:
            path = rest.removeprefix("runtime").lstrip(".").replace(".", "/")
            names = (
                [f"{path}.py"]
                if path and path != "local"
                else [f"{path}/{n.name}.py".lstrip("/") for n in node.names]
            )
            assert not [wanted for wanted in names if wanted not in SCRIPTS], (name, node.module)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "main.py").write_text("print('hello from main')\n")
    target = targets.load("local")
    assert target is not None
    given = Input("config.yaml", CONFIG, folder)
    result = compile_config(given, Overrides(), target, Options(target.default_version, "program"))
    assert result.artifacts, result.diagnostics
    path = folder / "p.local.py"
    path.write_text(result.artifacts[0].text, encoding="utf-8")
    return path


@pytest.mark.parametrize("flags", [["-I", "-S"], []])
@pytest.mark.parametrize("from_stdin", [True, False])
def test_a_program_needs_nothing_but_python(
    flags: list[str], from_stdin: bool, program: Path, tmp_path: Path
) -> None:
    python = getattr(
        sys, "_base_executable", sys.executable
    )  # the one without what is installed for the tests
    words = [python, *flags, "-" if from_stdin else str(program), "--no-queue"]
    with program.open() as file:
        done = subprocess.run(words, cwd=tmp_path, stdin=file, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [log] = tmp_path.glob(".automl/runs/p-*/tasks/*/log")
    assert log.read_text() == "hello from main\n"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--only", "jbo"], 'there is no step "jbo"; the steps are job'),
        (["--jobs", "0"], "argument --jobs: at least one step has to run at a time"),
        (["--gpus", "x"], 'argument --gpus: "x" is no whole number'),
        (["other"], "unrecognized arguments: other"),
    ],
)
def test_what_a_program_cannot_do_makes_no_run(
    words: list[str], problem: str, program: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, str(program), *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(f": error: {problem}\n")
    assert [*tmp_path.iterdir()] == []


def test_a_program_says_what_it_can_do_and_puts_its_run_where_it_is_told(
    program: Path, tmp_path: Path
) -> None:
    def done(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, str(program), *words], cwd=tmp_path, capture_output=True, text=True, check=True
        )

    told = done("--help").stdout
    assert [
        option for option in ("--runs", "--jobs", "--only", "--from", "--gpus") if option not in told
    ] == []
    assert done("--runs", "here", "--jobs=1", "--only", "job").stdout.startswith("run p-")
    assert len([*tmp_path.glob("here/p-*/tasks/job/log")]) == 1
