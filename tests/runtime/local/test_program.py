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
SCRIPTS = {name: text for name, text in local_scripts().items() if name.endswith(".py")}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_module_is_of_the_oldest_python_and_can_stand_in_a_program(name: str) -> None:
    ast.parse(SCRIPTS[name], feature_version=(3, 9))
    assert "'''" not in SCRIPTS[name]
    assert SCRIPTS[name][-1:] in ("\n", "")


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_a_module_imports_of_ours_is_there(name: str) -> None:
    """But for the store, which nothing on a machine takes files from."""
    nodes = [node for node in ast.walk(ast.parse(SCRIPTS[name])) if isinstance(node, ast.ImportFrom)]
    for node in nodes:
        first, _, rest = (node.module or "").partition(".")
        if first == "automl" and node.module != "automl.runtime.store":
            path = rest.removeprefix("runtime").lstrip(".").replace(".", "/")
            names = (
                [f"{path}.py"]
                if path and path != "local"
                else [f"{path}/{n.name}.py".lstrip("/") for n in node.names]
            )
            assert not [wanted for wanted in names if wanted not in SCRIPTS], (name, node.module)


@pytest.mark.parametrize("flags", [["-I", "-S"], []])
@pytest.mark.parametrize("from_stdin", [True, False])
def test_a_program_needs_nothing_but_python(flags: list[str], from_stdin: bool, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("print('hello from main')\n")
    target = targets.load("local")
    assert target is not None
    given = Input("config.yaml", CONFIG, tmp_path)
    result = compile_config(given, Overrides(), target, Options(target.default_version, "program"))
    assert result.artifacts, result.diagnostics
    program = tmp_path / "elsewhere" / "p.local.py"
    program.parent.mkdir()
    program.write_text(result.artifacts[0].text, encoding="utf-8")
    python = getattr(
        sys, "_base_executable", sys.executable
    )  # the one without what is installed for the tests
    words = [python, *flags, "-" if from_stdin else str(program), "--no-queue"]
    with program.open() as file:
        done = subprocess.run(
            words, cwd=program.parent, stdin=file, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stdout + done.stderr
    [log] = program.parent.glob(".automl/runs/p-*/tasks/*/log")
    assert log.read_text() == "hello from main\n"
