"""The script of a workflow for Slurm, as its user has it."""

from pathlib import Path

from automl import targets
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.target import Options


def compiled(config: str, project: Path) -> str:
    """The script of a config, whose files are in a folder."""
    target = targets.load("slurm")
    assert target is not None
    options = Options(target.default_version, target.forms[0])
    result = compile_config(Input("config.yaml", config.encode(), project), Overrides(), target, options)
    assert result.artifacts, [diagnostic.message for diagnostic in result.diagnostics]
    return result.artifacts[0].text
