"""The `artifacts` of a config."""

from dataclasses import dataclass, field

from automl.compiler.source import Located, Span, Written


@dataclass(frozen=True, slots=True)
class ArtifactsConfig:
    """By what files travel instead of the workspace: exactly one of `engine` and `store` is set."""

    engine: bool
    store: Located[str] | None
    secret: str | None
    span: Span
    written: Written = field(default_factory=dict)
