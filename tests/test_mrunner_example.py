"""The example of an experiment on two clusters: it runs here, and both get what is theirs."""

import re
import shutil
from pathlib import Path

import pytest

from automl import targets
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.params.given import Given
from automl.compiler.target import Options
from tests.running import Project

EXAMPLE = Path(__file__).parent.parent / "examples" / "mrunner"


def _compiled(target: str, *assignments: str) -> str:
    found = targets.load(target)
    assert found
    given = Input("config.yaml", (EXAMPLE / "config.yaml").read_bytes(), EXAMPLE)
    overrides = Overrides(params=Given(assignments, None))
    result = compile_config(given, overrides, found, Options(found.default_version, found.forms[0]))
    assert result.diagnostics == ()
    return "".join(artifact.text for artifact in result.artifacts)


def test_slurm_gets_what_its_context_said() -> None:
    script = _compiled("slurm")
    options = "--account=plgagents --partition=plgrid-testing --job-name=sandbox.experiment1"
    submit = script[script.index("\nsubmit experiment1 ") :].replace(" \\\n ", "")
    assert submit.startswith(
        f"\nsubmit experiment1 {options} --cpus-per-task=4 --mem=8192M --time=30 --no-requeue <<"
    )
    assert "\nmodule load python/3.11 || exit\nexport OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK\nexec " in submit
    assert '\nfolder="$HOME"/mrunner_scratch\n' in script


@pytest.mark.parametrize("target", ["slurm", "kubernetes"])
def test_what_comes_behind_the_dashes_is_a_parameter(target: str) -> None:
    one, other = _compiled(target), _compiled(target, "param1=2")
    for text, value in ((one, "1"), (other, "2")):
        assert set(re.findall(r'AUTOML_PARAM_PARAM1"?[:\s]+(?:value: )?"(\d)"', text)) == {value}


def test_kubernetes_gets_nothing_of_slurm() -> None:
    manifest = _compiled("kubernetes")
    assert "plgrid" not in manifest
    assert "cpu: 4" in manifest or 'cpu: "4"' in manifest


def test_it_runs_here(tmp_path: Path) -> None:
    project = Project(tmp_path)
    shutil.rmtree(project.folder)
    shutil.copytree(EXAMPLE, project.folder)
    done = project.automl("run", "-q", "--set", "param1=3")
    assert done.code == 0, done.err
    assert (project.run() / "tasks" / "report" / "log").read_text() == "score 0.25\n"
