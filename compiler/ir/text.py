"""What a user wrote that reaches a container, an annotation or a description."""

from collections.abc import Callable

from automl.compiler.enumerations import StrEnum
from automl.compiler.ir.data import Parameter, Type
from automl.compiler.records import NamedTuple
from automl.compiler.source import Span


class Constant(NamedTuple):
    """A value that is the same in every run."""

    value: str


class OutputOf(NamedTuple):
    """An output of a job that comes before: its value, or the path of its file."""

    task: str
    output: str
    type: Type


class OfRun(StrEnum):
    """What a run is told apart by. What a tag says makes no step another one: it is for trackers."""

    ID = "id"
    NAME = "name"
    TAG = "tag"  # its name, or its id where a name may have any characters
    TRIAL = "trial"  # the name of the run of a trial, in those alone


class OfTrial(NamedTuple):
    """The value of an axis, which is another one in each trial."""

    axis: str
    type: Type


class OfFold(StrEnum):
    """Which fold it is, counted from 0, and of how many."""

    INDEX = "index"
    COUNT = "count"


class BestParam(NamedTuple):
    """The value that the best trial of a job has on an axis."""

    task: str
    axis: str
    type: Type


class BestOutput(NamedTuple):
    """An output of the best trial of a job: its value, or the path of its file."""

    task: str
    output: str
    type: Type


class Collected(NamedTuple):
    """An output of all trials of a job: a JSON list of the values, or the path of a folder with the files.

    They stand in the order of the table, and of the folds in each; what failed left nothing, which is `null`.
    """

    task: str
    output: str
    type: Type


Source = Constant | Parameter | OutputOf | OfRun | OfTrial | OfFold | BestParam | BestOutput | Collected
"""Where a value comes from. The first two are known when a workflow is compiled."""


class Reference(NamedTuple):
    """The value of a variable of the container, which the source fills; also in the midst of a text."""

    variable: str
    source: Source

    @property
    def known(self) -> str | None:
        """The value, if it is known when the workflow is compiled."""
        if isinstance(self.source, Constant):
            return self.source.value
        return self.source.text if isinstance(self.source, Parameter) else None


class Text(NamedTuple):
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
        if len(self.parts) == 1 and isinstance(self.parts[0], str):  # nearly every text
            return ()
        return tuple(part for part in self.parts if isinstance(part, Reference))

    def with_values(self, value_of: Callable[[Reference], str]) -> str:
        """The text with something in place of its references."""
        return "".join(value_of(part) if isinstance(part, Reference) else part for part in self.parts)


def _no_value(reference: Reference) -> str:
    raise ValueError(f"the value of {reference.variable} is not known where a text has to be")
