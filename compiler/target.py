"""What a target is: it turns a workflow into files, and says what it cannot turn."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol

from automl.compiler.diagnostics import Diagnostic
from automl.compiler.ir import Workflow


class Artifact(NamedTuple):
    """One file of the output: a path in the output folder, and its text, which begins with our `header`."""

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


class Support(StrEnum):
    """How far an engine can say what a key of the config says."""

    NATIVE = "native"  # it has the same thing
    LOWERED = "lowered"  # it gets the same effect by other means
    PARTLY = "partly"  # some values; others are an error
    IMPLIED = "implied"  # it does so by itself: an info
    LOST = "lost"  # it runs without it: a warning
    REFUSED = "refused"  # it cannot: an error


class Capability(NamedTuple):
    """What becomes of one key. `since` is a version of the engine, if not all that we know have it."""

    support: Support
    note: str = ""
    help: str | None = None
    since: str | None = None


Capabilities = Mapping[str, Capability]  # by key, for instance `step.timeout`


class Target(Protocol):
    """An engine. The first of `forms` is the default; the versions are in ascending order.

    `capabilities` has every key of the config's schema.
    """

    name: str
    summary: str
    versions: tuple[str, ...]
    default_version: str
    forms: tuple[str, ...]
    capabilities: Capabilities

    def emit(self, workflow: Workflow, options: Options) -> Emission:
        """The files for one workflow. Pure: no files, no clock, no network."""
