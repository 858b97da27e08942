"""What `automl validate` says is what `automl compile` says, though it writes nothing: writing finds nothing more."""

from pathlib import Path
from typing import Any, NoReturn

import pytest

from automl import targets
from automl.cli import batch
from automl.cli.choices import Choice, emit, every_choice
from automl.compiler.diagnostics import has_errors
from automl.compiler.driver import Input, Overrides, analyse
from automl.compiler.target import Options
from automl.targets import local, slurm
from automl.targets.objects import stream
from tests import golden
from tests.test_mistakes import BESIDE, CASES, Case

_WRITERS = (
    (stream, "yaml_pieces"),
    (stream, "write_json"),
    (slurm, "script"),
    (local, "program"),
    (local, "plan_of"),
)


def _judged(given: Input, overrides: Overrides, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written until a text is asked for, and then nothing is found that was not said before."""
    workflow, _ = analyse(given, overrides)
    if workflow is None:
        return
    for choice in every_choice():
        with monkeypatch.context() as without_writers:
            for module, name in _WRITERS:
                without_writers.setattr(module, name, _never)
            emission = emit(workflow, choice)
        assert has_errors(emission.diagnostics) or all(artifact.text for artifact in emission.artifacts)


def _never(*_: Any) -> NoReturn:
    raise AssertionError("this is written for nobody")


@pytest.mark.parametrize("case", golden.cases())
def test_of_a_golden(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = golden.project_copy(case, tmp_path)
    given = Input("config.yaml", (project / "config.yaml").read_bytes(), project)
    _judged(given, golden.overrides_of(project.name), monkeypatch)


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_of_a_mistake(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*BESIDE, *([case.beside] if case.beside else [])):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).write_text("")
    _judged(
        Input("config.yaml", case.config.encode(), tmp_path), Overrides(context=case.context), monkeypatch
    )


def test_a_refused_size_costs_no_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = "".join(
        f"  - {{step_name: s{number}, image: a.b/c:1, command: [x, '{f'{number:04}' * 999}']}}\n"
        for number in range(500)
    )
    given = Input("config.yaml", f"version: 1.0.0\nname: a\nstages:\n  all:\n{steps}".encode(), tmp_path)
    for module, name in _WRITERS:
        monkeypatch.setattr(module, name, _never)
    for name in ("argo", "kubeflow"):
        target = targets.load(name)
        assert target
        choice = Choice(target, Options(target.default_version, target.forms[0]))
        [emission] = batch.compile_one(given, batch.Request(Overrides(), [choice])).emissions.values()
        assert has_errors(emission.diagnostics)
