"""What the engines make of each key of a config: how a table is written, and what the driver says by it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Service, Task, Workflow
from automl.compiler.patterns import regex
from automl.compiler.records import NamedTuple
from automl.compiler.source import Span
from automl.compiler.target import ByKind, Capabilities, Capability, Help, Options, Row, Support, Target

NATIVE = Capability(support=Support.NATIVE)
STEP = "step."
TARGETS = "targets"
_SAID: Mapping[Support, tuple[Code, str]] = MappingProxyType(
    {
        Support.IMPLIED: (Code.ENGINE_DOES_IT, "is not needed"),
        Support.LOST: (Code.HINT_LOST, "is left out"),
        Support.REFUSED: (Code.CANNOT_SAY, "cannot be said"),
    }
)
_MOST_KEPT = 1000  # of the same table; more do not come again
_INDEX = regex(r"\[[^][]*\]")


def lowered(note: str) -> Capability:
    """The same effect by other means."""
    return Capability(support=Support.LOWERED, note=note)


def partly(note: str) -> Capability:
    """Some values; the target refuses the others."""
    return Capability(support=Support.PARTLY, note=note)


def implied(note: str) -> Capability:
    """The engine does so by itself."""
    return Capability(support=Support.IMPLIED, note=note)


def lost(note: str, help: Help = None) -> Capability:
    """The engine runs without it."""
    return Capability(support=Support.LOST, note=note, help=help)


def refused(note: str, help: Help = None) -> Capability:
    """The engine cannot."""
    return Capability(support=Support.REFUSED, note=note, help=help)


def since(version: str, capability: Capability, before: Capability | None = None) -> Capability:
    """The same from that version of the engine on; `before` it something else, or else it is refused."""
    return capability._replace(since=version, before=before)


def table_of(target: Target, form: str) -> Capabilities:
    """What becomes of each key in one form of a target; nothing is known of a target without a table.

    What is in a key that is implied, lost or refused is so too, whatever its row says. A row for `step` itself, which is
    no key, says nothing.
    """
    forms = getattr(target, "form_capabilities", {})
    table = {**getattr(target, "capabilities", {}), **forms.get(form, {})}
    table.pop(STEP.rstrip("."), None)
    said = {key for key, row in table.items() if isinstance(row, Capability) and row.support in _SAID}
    return {key: table[next((one for one in _keys_around(key) if one in said), key)] for key in table}


def check_tables(target: Target) -> None:
    """Look into the tables of somebody's target. Raises TypeError or ValueError for what is none."""
    forms = getattr(target, "form_capabilities", {})
    for tables in (getattr(target, "capabilities", {}), forms):
        if not isinstance(tables, Mapping):
            raise TypeError(
                f"its {'form_capabilities' if tables is forms else 'capabilities'} are no mapping"
            )
    for table in (getattr(target, "capabilities", {}), *forms.values()):
        if not isinstance(table, Mapping):
            raise TypeError("the capabilities of one of its forms are no mapping")
        for key, row in table.items():
            _check_row(key, row, target)


def _check_row(key: object, row: object, target: Target) -> None:
    capabilities = [row.job, row.service] if isinstance(row, ByKind) else [row]
    for capability in filter(None, capabilities):
        if not isinstance(key, str) or not isinstance(capability, Capability):
            raise TypeError(f"its row {key!r} is no capability of a key")
        if capability.since not in (None, *target.versions):
            raise ValueError(f'its row "{key}" is of version {capability.since}, which it does not have')
        is_text = isinstance(capability.note, str) and isinstance(capability.help, str | None)
        if capability.support not in tuple(Support) or not (is_text or callable(capability.help)):
            raise TypeError(f'its row "{key}" has a support, a note or a help that is none')


def at_version(row: Row | None, is_service: bool, version: str, target: Target) -> Capability | None:
    """What a row says of one kind of task in one version of the engine; None if it says nothing."""
    if isinstance(row, ByKind):
        row = row.service if is_service else row.job
    if not isinstance(row, Capability):
        return None
    if row.since is None or target.versions.index(version) >= target.versions.index(row.since):
        return row
    help = f"use `--target-version {row.since}`, if what runs it is as new"
    return row.before or refused(f"{target.name} has it since {row.since}", help)


def unsupported(workflow: Workflow, target: Target, options: Options) -> Iterator[Diagnostic]:
    """A diagnostic for each key of a workflow that is implied, lost, refused or not in the table of the target."""
    table = _table(target, options)
    if not table.rows:
        span = next(iter(workflow.spans.values()), workflow.span)
        yield Diagnostic(Code.NOT_IN_TABLE, f"{target.name} does not say what becomes of any key", span)
        return
    reader = _Reader(workflow, table)
    yield from reader.read(None)
    for task in workflow.tasks:
        yield from reader.read(task)


class _Table(NamedTuple):
    """What becomes of each key in one form of a target at one version, the keys around these, and keys together, in their
    order, of which there is nothing to say."""

    target: Target
    version: str
    rows: Capabilities
    around: frozenset[str]
    silent: set[tuple[object, ...]]


_TABLES: dict[tuple[int, str, str], _Table] = {}
"""By the identity of a target, which stays its own, since the table has the target. Not every target can be hashed."""


def _table(target: Target, options: Options) -> _Table:
    """The table of one form of a target, worked out once for all configs."""
    known = (id(target), options.form, options.version)
    table = _TABLES.get(known)
    if table is None:
        rows = table_of(target, options.form)
        around = frozenset(key for row in rows for key in _keys_around(row))
        table = _TABLES[known] = _Table(target, options.version, rows, around, set())
    return table


class _Reader:
    """What a table says of the keys of a workflow; of keys in one that something is said of, nothing more.

    Where keys stand together in a noun, one that cannot be said stands for all that the same is said of.
    """

    def __init__(self, workflow: Workflow, table: _Table) -> None:
        self.workflow = workflow
        self.target, self.version, self.table, self.around, self.silent = table
        self.unknown: set[str] = set()

    def read(self, task: Task | None) -> Iterator[Diagnostic]:
        """What is to be said of the keys of a task, or of those around the steps."""
        spans, prefix = (self.workflow.spans, "") if task is None else (task.spans, STEP)
        kind_and_keys = (type(task), *spans)
        if kind_and_keys in self.silent:
            return
        diagnostics = list(self._read(spans, prefix, isinstance(task, Service)))
        if not diagnostics and not self.unknown and len(self.silent) < _MOST_KEPT:
            self.silent.add(kind_and_keys)
        yield from diagnostics

    def _read(self, spans: Mapping[str, Span], prefix: str, is_service: bool) -> Iterator[Diagnostic]:
        closed: set[str] = set()  # what is in these keys is no further question
        refusals: dict[str, set[Capability]] = {}  # by the noun that the key is one of
        for name, span in spans.items():
            if name.endswith("]"):  # a name of the user's own, and no key
                continue
            if _is_of_another_target(name, self.target.name):
                continue
            key, noun = prefix + _INDEX.sub("", name), name.rpartition(".")[0]
            if closed and not closed.isdisjoint(_keys_around(key)):
                continue
            if key not in self.table and key not in self.around:
                closed.add(key)
                yield from self._unknown(key, span)
            elif capability := self._said(key, is_service):
                closed.add(key)
                beside = refusals.setdefault(noun, set()) if noun else set()
                if not beside or (capability.support is Support.REFUSED and capability not in beside):
                    yield self._diagnostic(key, capability, span)
                if capability.support is Support.REFUSED:
                    beside.add(capability)
            elif key not in self.around:
                closed.add(key)

    def _unknown(self, key: str, span: Span) -> Iterator[Diagnostic]:
        """A warning for a key that has no row, once."""
        if key not in self.unknown and self.table.keys().isdisjoint(_keys_around(key)):
            self.unknown.add(key)
            message = f'{self.target.name} does not say what becomes of "{_last(key)}"'
            yield Diagnostic(Code.NOT_IN_TABLE, message, span)

    def _said(self, key: str, is_service: bool) -> Capability | None:
        """What becomes of a key, if there is something to say of it."""
        capability = at_version(self.table.get(key), is_service, self.version, self.target)
        return capability if capability and capability.support in _SAID else None

    def _diagnostic(self, key: str, capability: Capability, span: Span) -> Diagnostic:
        code, what = _SAID[capability.support]
        help = capability.help(self.workflow) if callable(capability.help) else capability.help
        return Diagnostic(code, f'"{_last(key)}" {what}: {capability.note}', span, help)


def _is_of_another_target(name: str, target: str) -> bool:
    """Whether a key is `targets`, or one that is written there for another target than this: nobody else's matter."""
    first, *rest = name.split(".")
    return first == TARGETS and rest[:1] != [target]


def _last(key: str) -> str:
    return key.rpartition(".")[2]


@lru_cache(maxsize=1024)
def _keys_around(key: str) -> Sequence[str]:
    """`step` and `step.service`, around `step.service.port`."""
    words = key.split(".")
    return tuple(".".join(words[:length]) for length in range(1, len(words)))
