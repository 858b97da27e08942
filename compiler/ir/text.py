"""What a user wrote that reaches a container, an annotation or a description."""

from dataclasses import dataclass

from automl.compiler.source import Span


@dataclass(frozen=True, slots=True)
class Text:
    """User text that must reach the container as it was written."""

    value: str
    span: Span
