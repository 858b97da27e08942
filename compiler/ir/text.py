"""What a user wrote that reaches a container, an annotation or a description."""

from typing import NamedTuple

from automl.compiler.source import Span


class Text(NamedTuple):
    """User text that must reach the container as it was written."""

    value: str
    span: Span
