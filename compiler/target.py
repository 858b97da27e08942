"""What a target is: it turns a workflow into files, and says what it cannot turn."""

from typing import NamedTuple, Protocol

from automl.compiler.diagnostics import Diagnostic
from automl.compiler.ir import Workflow


class Artifact(NamedTuple):
    """One file of the output: a path relative to the output folder, and its text."""

    path: str
    text: str


class Emission(NamedTuple):
    """What a target made of a workflow. The artifacts count only if no diagnostic is an error."""

    artifacts: tuple[Artifact, ...]
    diagnostics: tuple[Diagnostic, ...]


class Options(NamedTuple):
    """What the command line asks of a target: one of its `versions`, `forms` and of yaml and json."""

    version: str
    form: str
    format: str = "yaml"


class Target(Protocol):
    """An engine. The first of `forms` is the default; the versions are in ascending order."""

    name: str
    summary: str
    versions: tuple[str, ...]
    default_version: str
    forms: tuple[str, ...]

    def emit(self, workflow: Workflow, options: Options) -> Emission:
        """The files for one workflow. Pure: no files, no clock, no network."""
