"""What is wrong with an input: data with a place, collected by the phases and rendered elsewhere."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from automl.compiler.enumerations import IntEnum, StrEnum
from automl.compiler.records import NamedTuple
from automl.compiler.source import Span


class Severity(IntEnum):
    """How bad it is: an error stops the compilation, the others do not."""

    ERROR = 0
    WARNING = 1
    INFO = 2


class Code(StrEnum):
    """Every kind of diagnostic. A number is never reused; `docs/diagnostics.md` has a section for each."""

    ENCODING = "AML001"
    SYNTAX = "AML002"
    TAB = "AML003"
    CONTROL_CHARACTER = "AML004"
    DUPLICATE_KEY = "AML005"
    ALIAS = "AML006"
    TAG = "AML007"
    KEY_TYPE = "AML008"
    DOCUMENTS = "AML009"
    AMBIGUOUS_SCALAR = "AML010"
    TOO_LARGE = "AML011"
    NOT_A_MAPPING = "AML012"
    EXPRESSION = "AML013"
    NOT_A_CONFIG = "AML014"
    MISSING_KEY = "AML101"
    UNKNOWN_KEY = "AML102"
    WRONG_TYPE = "AML103"
    WRONG_VALUE = "AML104"
    EMPTY = "AML105"
    NOTHING_TO_REMOVE = "AML106"
    FILE_NOT_FOUND = "AML201"
    OUTSIDE_PROJECT = "AML202"
    NOTHING_TO_RUN = "AML203"
    UNUSED_KEY = "AML204"
    SAME_INGRESS = "AML205"
    NOT_NEEDED = "AML206"
    CHOSEN_PATH = "AML207"
    NOTEBOOK = "AML208"
    COMMAND_LINE = "AML209"
    UNKNOWN_REFERENCE = "AML210"
    EXPRESSION_TYPE = "AML211"
    RUN_TIME_VALUE = "AML212"
    CIRCLE = "AML214"
    UNKNOWN_STEP = "AML215"
    OUTPUT = "AML216"
    MOUNT = "AML217"
    TEXT_OF_OTHERS = "AML218"
    EMPTY_NAME = "AML301"
    SAME_NAME = "AML302"
    CHANGED_NAME = "AML303"
    QUANTITY = "AML401"
    CRON = "AML402"
    TIMEZONE = "AML403"
    DURATION = "AML404"
    VARIABLE_NAME = "AML405"
    LABEL = "AML406"
    OBJECT_NAME = "AML407"
    IMAGE = "AML408"
    URL = "AML409"
    DEPENDENCY_FILE = "AML410"
    BUNDLE_SIZE = "AML411"
    SHORT_COMMIT = "AML412"
    ADDRESS = "AML413"
    TOO_LONG = "AML414"
    CHANGED_VERSION = "AML415"
    LOST_VERSION = "AML416"
    PATTERN = "AML417"
    UNLIKELY_AMOUNT = "AML418"
    PLAIN_HTTP = "AML419"
    TOLERATION = "AML420"
    PARAMETER = "AML421"
    NO_VALUE = "AML422"
    SWEEP = "AML423"
    TOO_MANY_TRIALS = "AML424"
    SAME_TRIAL = "AML425"
    RANGE_END = "AML426"
    AMOUNTS = "AML427"
    PLAIN_SECRET = "AML501"
    URL_CREDENTIALS = "AML502"
    LEFT_OUT_CREDENTIALS = "AML503"
    CANNOT_SAY = "AML601"
    HINT_LOST = "AML602"
    ENGINE_DOES_IT = "AML603"
    NO_DEADLINE = "AML604"
    ENGINE_LIMIT = "AML605"
    NEEDS_RIGHTS = "AML606"
    NOT_IN_TABLE = "AML607"
    FIXED_PARAMETER = "AML608"
    NOT_RESTRICTED = "AML609"
    STALE_OUTPUT = "AML701"
    INTERNAL = "AML900"


MOST_FOUND = 1000
"""Diagnostics of a severity that a phase keeps."""


class Related(NamedTuple):
    """Another place that belongs to a diagnostic."""

    message: str
    span: Span


class Diagnostic(NamedTuple):
    """One finding. `message` is one lower-case line; `help` offers the way out."""

    code: Code
    message: str
    span: Span
    help: str | None = None
    related: tuple[Related, ...] = ()

    @property
    def severity(self) -> Severity:
        """Fixed by the code, so that a code means the same everywhere."""
        return SEVERITIES.get(self.code, Severity.ERROR)


SEVERITIES: Mapping[Code, Severity] = MappingProxyType(
    {
        Code.AMBIGUOUS_SCALAR: Severity.WARNING,
        Code.UNUSED_KEY: Severity.WARNING,
        Code.NOT_NEEDED: Severity.INFO,
        Code.CHOSEN_PATH: Severity.WARNING,
        Code.COMMAND_LINE: Severity.WARNING,
        Code.CHANGED_NAME: Severity.INFO,
        Code.TEXT_OF_OTHERS: Severity.INFO,
        Code.SHORT_COMMIT: Severity.INFO,
        Code.CHANGED_VERSION: Severity.INFO,
        Code.LOST_VERSION: Severity.WARNING,
        Code.UNLIKELY_AMOUNT: Severity.WARNING,
        Code.PLAIN_HTTP: Severity.WARNING,
        Code.PLAIN_SECRET: Severity.WARNING,
        Code.LEFT_OUT_CREDENTIALS: Severity.INFO,
        Code.HINT_LOST: Severity.WARNING,
        Code.ENGINE_DOES_IT: Severity.INFO,
        Code.NO_DEADLINE: Severity.INFO,
        Code.ENGINE_LIMIT: Severity.WARNING,
        Code.NEEDS_RIGHTS: Severity.INFO,
        Code.NOT_IN_TABLE: Severity.WARNING,
        Code.FIXED_PARAMETER: Severity.INFO,
        Code.NOT_RESTRICTED: Severity.WARNING,
        Code.SAME_TRIAL: Severity.INFO,
        Code.RANGE_END: Severity.WARNING,
    }
)


class Findings(list[Diagnostic]):
    """Diagnostics of a phase: of each severity the first ones. Nobody reads a million, and they are not kept."""

    def __init__(self, diagnostics: Iterable[Diagnostic] = ()) -> None:
        super().__init__()
        self._room = dict.fromkeys(Severity, MOST_FOUND)
        self.extend(diagnostics)

    def append(self, diagnostic: Diagnostic) -> None:
        """Keep it, if there is room for one of its severity."""
        severity = diagnostic.severity
        if self._room[severity]:
            self._room[severity] -= 1
            super().append(diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Keep those for which there is room."""
        for diagnostic in diagnostics:
            self.append(diagnostic)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether one of them stops the compilation."""
    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sorted by place, each finding once: a step's default is seen once a step, but said once.

    What only follows from another finding is left out: see `_consequences`.
    """
    unique = {_identity(diagnostic): diagnostic for diagnostic in diagnostics}
    ordered = [unique[identity] for identity in sorted(unique)]
    follows = _consequences(ordered)
    return [diagnostic for diagnostic, is_one in zip(ordered, follows, strict=True) if not is_one]


def _consequences(ordered: Sequence[Diagnostic]) -> list[bool]:
    """Of each finding whether another says its cause.

    A scalar that is an error already is not called ambiguous too; and what a key that is none makes of a text has no
    type worth a word.
    """
    wrong = {diagnostic.span for diagnostic in ordered if diagnostic.severity is Severity.ERROR}
    torn = [_start(diagnostic.span) for diagnostic in ordered if diagnostic.code is Code.KEY_TYPE]

    def follows(diagnostic: Diagnostic) -> bool:
        if diagnostic.code is Code.AMBIGUOUS_SCALAR:
            return diagnostic.span in wrong
        if diagnostic.code is Code.WRONG_TYPE:
            source, *_, end_line, end_column = diagnostic.span
            first = bisect_left(torn, _start(diagnostic.span))
            return first < len(torn) and torn[first] < (source.path, end_line, end_column)
        return False

    return [follows(diagnostic) for diagnostic in ordered]


def _start(span: Span) -> tuple[str, int, int]:
    return (span.source.path, span.line, span.column)


def _identity(diagnostic: Diagnostic) -> tuple[tuple[str, int, int], str, str, tuple[str, ...]]:
    related = tuple(
        other.span.source.path for other in diagnostic.related
    )  # of an option, the config it does not fit
    return (_start(diagnostic.span), diagnostic.code.value, diagnostic.message, related)
