"""The examples of trials: what the systems before this one had, run here and accepted for every engine."""

import runpy
import shutil
from pathlib import Path

import pytest

from automl import targets
from automl.compiler.diagnostics import Severity
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.target import Options
from tests.running import Project

EXAMPLES = Path(__file__).parent.parent / "examples"
SAID = {
    "launcher": ("report", 24, "the best of 24 is Good Morning with 30,30: 18.0\n"),
    "random-search": ("retrain", 5, "39 epochs with layers of [681, 516, 288]: 0.0363\n"),
    "cross-validation": ("score", 4, "40 of 40 rows are predicted, 100% of them right\n"),
}


@pytest.mark.parametrize("name", SAID)
def test_it_runs_here(name: str, tmp_path: Path) -> None:
    project = Project(tmp_path)
    shutil.rmtree(project.folder)
    shutil.copytree(EXAMPLES / name, project.folder)
    done = project.automl("run", "-q")
    last, runs, words = SAID[name]
    assert done.code == 0, done.err
    assert (project.run() / "tasks" / last / "log").read_text() == words
    assert len([*project.run().glob("tasks/*/*/log")]) == runs


@pytest.mark.parametrize("target", targets.OWN)
@pytest.mark.parametrize("name", SAID)
def test_every_engine_takes_it(name: str, target: str) -> None:
    found, folder = targets.load(target), EXAMPLES / name
    assert found
    given = Input("config.yaml", (folder / "config.yaml").read_bytes(), folder)
    for form in found.forms:
        result = compile_config(given, Overrides(), found, Options(found.default_version, form))
        assert [one for one in result.diagnostics if one.severity is Severity.ERROR] == []
        assert result.artifacts


def test_the_folds_are_those_that_the_program_beside_them_makes(tmp_path: Path) -> None:
    folder = EXAMPLES / "cross-validation"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        runpy.run_path(str(folder / "make_folds.py"), run_name="__main__")
    for name in ("data.json", "folds.json"):
        assert (tmp_path / name).read_text() == (folder / name).read_text()
