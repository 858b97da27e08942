"""The `artifacts` of a config."""

from automl.compiler.records import NamedTuple
from automl.compiler.source import NOTHING_WRITTEN, Located, Span, Written


class ArtifactsConfig(NamedTuple):
    """By what files travel instead of the workspace: exactly one of `engine` and `store` is set."""

    engine: bool
    store: Located[str] | None
    secret: str | None
    span: Span
    written: Written = NOTHING_WRITTEN
