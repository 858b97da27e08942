"""What a target is: it turns a workflow into files, and says what it cannot turn."""

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

from automl.compiler.diagnostics import Diagnostic
from automl.compiler.enumerations import StrEnum
from automl.compiler.ir import Workflow
from automl.compiler.records import NamedTuple, Record


class Artifact:
    """One file of the output: a path in the output folder, and its text, which begins with our `header`.

    `text` may be what makes the text, whole or as a list of pieces, without a reason to fail: it is called once, when
    somebody asks for the text, and that nobody does of a config that is refused, or only validated.
    """

    __slots__ = ("_text", "path")

    def __init__(self, path: str, text: str | Callable[[], str | list[str]]) -> None:
        self.path = path
        self._text: str | list[str] | Callable[[], str | list[str]] = text

    @property
    def text(self) -> str:
        """All of the file."""
        return "".join(self.write())

    def write(self) -> list[str]:
        """Make the text, if it is not made yet, and let go what it is made of. A large one is put together nowhere."""
        self._text = text = self._text() if callable(self._text) else self._text
        return text if isinstance(text, list) else [text]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Artifact) and (self.path, self.text) == (other.path, other.text)

    def __hash__(self) -> int:
        return hash(self.path)


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


Help: TypeAlias = str | Callable[[Workflow], str] | None  # a way out, or what works it out for a workflow


class Capability(Record, kw_only=True):
    """What becomes of one key.

    `since` is the version of the engine that has it, if not all that we know have it; in those before, `before` is
    what becomes of the key, and it is refused if nothing is.
    """

    support: Support
    note: str = ""
    help: Help = None
    since: str | None = None
    before: "Capability | None" = None


class ByKind(Record, kw_only=True):
    """What becomes of a key of a step if the step is a job, and if it is a service.

    None: the key means nothing there, which `compiler/checks` says for every engine.
    """

    job: Capability | None = None
    service: Capability | None = None


Row: TypeAlias = Capability | ByKind
Capabilities: TypeAlias = Mapping[str, Row]  # by key, for instance `step.service.readiness.path`


class Target(Protocol):
    """An engine. The first of `forms` is the default; the versions are in ascending order.

    `capabilities` has a row for every key of the config's schema. `form_capabilities`, which may be missing, has the
    rows that are other in a form, by its name. The driver says what they say, so `emit` need not.
    """

    name: str
    summary: str
    versions: tuple[str, ...]
    default_version: str
    forms: tuple[str, ...]
    capabilities: Capabilities

    def emit(self, workflow: Workflow, options: Options) -> Emission:
        """The files for one workflow. Pure: no files, no clock, no network."""
