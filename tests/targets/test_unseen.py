"""What drives a terminal, or turns the text around it, stands in no output as it is."""

from pathlib import Path

import pytest

from automl.cli.choices import Choice, every_choice
from automl.compiler.driver import Input, Overrides, analyse, emit
from tests.fuzzing import RAW

CONFIG = """\
name: unseen
params: {turned: "\\u202e"}
stages:
  all:
    - step_name: a
      path_to_executable: a.py
      args: ["\\u2066"]
      envs: {C: "\\x7f\\x9b\\u202e"}
"""


@pytest.mark.parametrize("choice", every_choice(), ids=lambda choice: choice.target.name)
def test_no_output_has_it(choice: Choice, tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    workflow, _ = analyse(Input("config.yaml", CONFIG.encode(), tmp_path), Overrides())
    assert workflow
    artifacts = emit(workflow, choice.target, choice.options).artifacts
    assert artifacts
    assert [RAW.findall(each.text.replace("\t", " ")) for each in artifacts] == [[] for _ in artifacts]
