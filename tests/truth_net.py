"""The net that holds a table of capabilities to what a target does, key by key of the schema."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from automl.compiler.capabilities import at_version, table_of
from automl.compiler.diagnostics import Code, Diagnostic, has_errors
from automl.compiler.driver import emit
from automl.compiler.ir import Workflow
from automl.compiler.target import Capabilities, Capability, Options, Support, Target
from tests.leaves import (
    ABSENT,
    STEP,
    Config,
    Leaf,
    Place,
    Schema,
    bases,
    config_with,
    is_of_another_target,
    is_service,
    leaves,
    places,
    written,
)

Analyse: TypeAlias = Callable[[str], tuple[Workflow | None, Sequence[Diagnostic]]]
SAID = {
    Support.IMPLIED: Code.ENGINE_DOES_IT,
    Support.LOST: Code.HINT_LOST,
    Support.REFUSED: Code.CANNOT_SAY,
}
HINTS = (Support.IMPLIED, Support.LOST)  # not worth saying beside what is refused
IDLE = (
    Code.UNUSED_KEY,
    Code.NOT_NEEDED,
)  # what the compiler says of a key that does nothing there, for all engines
WRONG_THERE = (Code.SWEEP,)  # what the compiler says of a key that cannot be there, for all engines
ABOUT_KEYS = (*SAID.values(), *IDLE, Code.NOT_IN_TABLE)


class Outcome(NamedTuple):
    """What became of a config in which a key has one of its values: no output if something is an error."""

    output: str
    diagnostics: tuple[Diagnostic, ...]
    places: Mapping[str, Sequence[Place]]

    def said(self, key: str) -> list[Diagnostic]:
        """What is said about a key, from its first letter to the end of its value."""
        about = [each for each in self.diagnostics if each.code in ABOUT_KEYS]
        return [each for each in about if any(_is_in(each, place) for place in self.places.get(key, ()))]

    def names(self, key: str, *codes: Code) -> bool:
        """Whether diagnostics of that code name the key just where it stands, wherever it stands."""
        name = f'"{key.rpartition(".")[2]}" '
        said = {
            (each.span.line, each.span.column, each.span.end_column)
            for each in self.diagnostics
            if each.code in codes and each.message.startswith(name) and each.span.line == each.span.end_line
        }
        return bool(said) and said == {place[:3] for place in self.places[key]}


def _is_in(diagnostic: Diagnostic, place: Place) -> bool:
    return place[:2] <= (diagnostic.span.line, diagnostic.span.column) < place.value_end


class Net:
    """One form of a target, and what is known of the configs that are tried on it."""

    def __init__(
        self, schema: Schema, analyse: Analyse, target: Target, form: str, version: str = ""
    ) -> None:
        self.schema, self.analyse, self.target = schema, analyse, target
        self.options = Options(version or target.default_version, form, "json")
        self.table: Capabilities = table_of(target, form)
        self.bases = bases(schema)

    def holes(self, *keys: str) -> list[str]:
        """Every key, or of these, that does not do what its row says, with the base and the reason."""
        own = [leaf for leaf in leaves(self.schema) if not is_of_another_target(leaf.key, self.target.name)]
        tried = [leaf for leaf in own if not keys or leaf.key in keys]
        assert tried, "a net without a key holds nothing"
        return [hole for leaf in tried for hole in self._holes(leaf)]

    def _holes(self, leaf: Leaf) -> Iterator[str]:
        if len(leaf.values) < 2:
            yield f"{leaf.key}: the schema has no two examples"
        elif leaf.key not in self.table:
            yield f"{leaf.key}: the table has no row"
        else:
            works = {False: False, True: False}
            tried = dict(works)
            for name, base in self.bases.items():
                config = config_with(base, leaf.key, leaf.values[-1], self.schema)
                kind = is_service(config)
                capability = at_version(self.table[leaf.key], kind, self.options.version, self.target)
                around = config if capability and capability.support in HINTS else base
                if self._is_refused_anyway(around, leaf.key):
                    continue
                outcomes = [self._outcome(base, leaf.key, value) for value in leaf.values]
                hole = _verdict(leaf.key, capability, outcomes, self._named(leaf.key, kind, config))
                if hole not in ("", WORKS):
                    yield f"{leaf.key} in {name}: {hole}"
                tried[kind] |= _has_effect(capability)
                works[kind] |= hole == WORKS
            yield from (
                f"{leaf.key}: no {_kind(kind)} shows it" for kind in works if tried[kind] > works[kind]
            )

    def _is_refused_anyway(self, config: Config, key: str) -> bool:
        """Whether the target takes nothing of the kind, whatever the key says, by another key that is there."""
        others = [
            each
            for each in places(written(config))
            if each in self.table and not f"{key}.".startswith(f"{each}.")
        ]
        return any(self._support(each, is_service(config)) is Support.REFUSED for each in others)

    def _support(self, key: str, kind: bool) -> Support | None:
        capability = self._capability(key, kind)
        return capability.support if capability else None

    def _capability(self, key: str, kind: bool) -> Capability | None:
        return at_version(self.table.get(key), kind, self.options.version, self.target)

    def _named(self, key: str, kind: bool, config: Config) -> str:
        """The key that a diagnostic names: the outermost one that there is something to say of.

        Of keys beside one another that cannot be said for the same reason it is the first.
        """
        words = key.split(".")
        around = [".".join(words[:length]) for length in range(1, len(words))]
        of_table = (each for each in around if each in self.table)
        named = next((each for each in of_table if self._support(each, kind) in (*SAID, None)), key)
        noun, refusal = named.rpartition(".")[0], self._capability(named, kind)
        if noun in ("", STEP) or not refusal or refusal.support is not Support.REFUSED:
            return named
        beside = (each for each in places(written(config)) if each.rpartition(".")[0] == noun)
        return next((each for each in beside if self._capability(each, kind) == refusal), named)

    def _outcome(self, base: Config, key: str, value: object) -> Outcome:
        text = written(config_with(base, key, value, self.schema))
        workflow, diagnostics = self.analyse(text)
        output = ""
        if workflow is not None:
            emission = emit(workflow, self.target, self.options)
            diagnostics = (*diagnostics, *emission.diagnostics)
            output = "".join(each.text for each in emission.artifacts)
        output = "" if has_errors(diagnostics) else output
        return Outcome(output, tuple(diagnostics), {} if value is ABSENT else places(text))


WORKS = "works"


def _kind(kind: bool) -> str:
    return "service" if kind else "job"


def _has_effect(capability: Capability | None) -> bool:
    return capability is not None and capability.support in (Support.NATIVE, Support.LOWERED, Support.PARTLY)


def _verdict(key: str, capability: Capability | None, outcomes: Sequence[Outcome], named: str) -> str:
    """What is wrong, `WORKS`, or nothing for a key that has rightly no effect there."""
    outputs = [each.output for each in outcomes]
    is_same = len(set(outputs)) == 1
    if capability is None:
        is_idle = is_same and all(outputs) and all(each.names(named, *IDLE) for each in outcomes)
        is_wrong = not any(outputs) and all(each.names(named, *WRONG_THERE) for each in outcomes)
        return "" if is_idle or is_wrong else "it has no row for such tasks, and that is not said"
    if capability.support in SAID:
        code = SAID[capability.support]
        present = [each for each in outcomes if each.places]
        if not all(each.names(named, code) or each.names(key, Code.CANNOT_SAY) for each in present):
            return f"{code} does not name it where it stands"
        if capability.support is Support.REFUSED:
            return "it is said, but not so" if any(each.output for each in present) else ""
        return "" if is_same and outputs[0] else "it is said, but not so"
    return _verdict_of_effect(key, capability.support is Support.PARTLY, outcomes)


def _verdict_of_effect(key: str, is_partly: bool, outcomes: Sequence[Outcome]) -> str:
    said = [diagnostic for each in outcomes for diagnostic in each.said(key)]
    if is_partly:
        refusals = [each for each in outcomes if not each.output and _are_refusals(each.said(key))]
        taken = [each for each in outcomes if each not in refusals]
        said = [diagnostic for each in taken for diagnostic in each.said(key)]
        outcomes = taken
    outputs = [each.output for each in outcomes]
    if said and all(each.names(key, *IDLE) for each in outcomes) and all(outputs):
        return "" if len(set(outputs)) == 1 else "it does something, and is said to do nothing"
    if said:
        return f"{said[0].code} is said of it, and the table does not say so"
    if any(each.code is Code.CANNOT_SAY for outcome in outcomes for each in outcome.diagnostics):
        return "something else is refused"
    is_constant = not all(each.places for each in outcomes)  # it may be there, or not
    if len(set(outputs)) < len(outputs):
        return "" if is_constant else "another value makes no difference, and nothing is said"
    if not all(outputs) and not is_constant:
        return "it is an error, and not one of the table"
    return WORKS if outputs else ""


def _are_refusals(diagnostics: Sequence[Diagnostic]) -> bool:
    return bool(diagnostics) and all(each.code is Code.CANNOT_SAY for each in diagnostics)
