"""What a user wrote that reaches a container, an annotation or a description."""

from collections.abc import Callable
from dataclasses import dataclass

from automl.compiler.source import Span


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is the same in every run."""

    value: str


Source = Constant  # what comes from a parameter, an axis of a sweep or an output will be one more kind


@dataclass(frozen=True, slots=True)
class Reference:
    """A value in the midst of a text: that of a variable of the container, which the source fills."""

    variable: str
    source: Source


@dataclass(frozen=True, slots=True)
class Text:
    """User text that must reach the container as it was written, with values where it has references."""

    parts: tuple[str | Reference, ...]
    span: Span

    @staticmethod
    def of(text: str, span: Span) -> "Text":
        """A text without references."""
        return Text((text,), span)

    @property
    def literal(self) -> str:
        """The text, where there can be no references in it. ValueError if there are."""
        if len(self.parts) == 1 and isinstance(self.parts[0], str):
            return self.parts[0]
        return self.with_values(_no_value)

    @property
    def references(self) -> tuple[Reference, ...]:
        """Those of its parts that are known later."""
        return tuple(part for part in self.parts if isinstance(part, Reference))

    def with_values(self, value_of: Callable[[Reference], str]) -> str:
        """The text with something in place of its references."""
        return "".join(value_of(part) if isinstance(part, Reference) else part for part in self.parts)


def _no_value(reference: Reference) -> str:
    raise ValueError(f"the value of {reference.variable} is not known where a text has to be")
