"""What an engine makes of each key of a config: the table that emitters, command line and documents read."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Spans, Workflow


class Support(StrEnum):
    """How far an engine can say what a key says."""

    NATIVE = "native"  # it has the same thing
    LOWERED = "lowered"  # it gets the same effect by other means
    IMPLIED = "implied"  # it does so by itself; the key is an info
    LOST = "lost"  # it runs without it; the key is a warning
    REFUSED = "refused"  # it cannot; the key is an error


class Capability(NamedTuple):
    """What becomes of one key. `since` is the first version of the engine, if not all that we know have it."""

    support: Support
    note: str = ""
    help: str | None = None
    since: str | None = None


NATIVE = Capability(Support.NATIVE)

Capabilities = Mapping[str, Capability]  # by key, for instance `step.timeout`

_CODES: Mapping[Support, tuple[Code, str]] = {
    Support.IMPLIED: (Code.ENGINE_DOES_IT, "is not needed"),
    Support.LOST: (Code.HINT_LOST, "is left out"),
    Support.REFUSED: (Code.CANNOT_SAY, "cannot be said"),
}


def findings(workflow: Workflow, capabilities: Capabilities) -> Iterator[Diagnostic]:
    """A diagnostic for each key of a workflow that is implied, lost or refused."""
    around = {key: each for key, each in capabilities.items() if each.support in _CODES}
    of_steps = {
        key.removeprefix("step."): around.pop(key) for key in tuple(around) if key.startswith("step.")
    }
    yield from _of(around, workflow.spans)
    if of_steps:
        for task in workflow.tasks:
            yield from _of(of_steps, task.spans)


def _of(capabilities: Capabilities, spans: Spans) -> Iterable[Diagnostic]:
    for key in capabilities.keys() & spans.keys():
        support, note, help, _ = capabilities[key]
        code, what = _CODES[support]
        yield Diagnostic(code, f'"{key.rpartition(".")[2]}" {what}: {note}', spans[key], help)
