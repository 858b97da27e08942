"""One scalar with expressions in its text: what becomes of it where it stands."""

from collections.abc import Sequence

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.expressions.places import Places
from automl.compiler.expressions.problems import ExpressionError, Problem
from automl.compiler.expressions.scope import (
    Meaning,
    OfAll,
    OfBest,
    OfFold,
    OfOutput,
    OfTrial,
    Parameters,
    meaning_of,
    references_in,
)
from automl.compiler.expressions.syntax import Call, Expression, Reference, parts_of
from automl.compiler.ir import Parameter
from automl.compiler.records import NamedTuple
from automl.compiler.source import Span
from automl.compiler.tree.nodes import (
    BestReference,
    CollectReference,
    FoldReference,
    OutputReference,
    ParamReference,
    Part,
    RunReference,
    Scalar,
    TrialReference,
)


class Place(NamedTuple):
    """Where a scalar stands: behind which key, and whether references may stay in it until a run, parameters too."""

    key: str
    keeps_references: bool
    pins: bool = False


class Computed(NamedTuple):
    """What became of a scalar: None if it has no value, which the diagnostics say, or those of a parameter."""

    scalar: Scalar | None
    diagnostics: list[Diagnostic]
    pinned: dict[str, Span]  # the parameters that are known from here on, and where they were


def computed(scalar: Scalar, place: Place, params: Parameters) -> Computed:
    """The scalar without its expressions, or with parts where it keeps references."""
    reader = _Reader(scalar, place, params)
    parts = [reader.part(part) for part in parts_of(scalar.text)]
    if None in parts:
        return Computed(None, reader.diagnostics, reader.pinned)
    return Computed(_joined(scalar, [part for part in parts if part is not None]), [], reader.pinned)


class _Reader:
    """Reads the parts of one scalar."""

    def __init__(self, scalar: Scalar, place: Place, params: Parameters) -> None:
        self._place, self._params = place, params
        self._places = Places(scalar.text, scalar.span)
        self.diagnostics: list[Diagnostic] = []
        self.pinned: dict[str, Span] = {}

    def part(self, part: str | Expression | Problem) -> Part | Scalar | None:
        """What stands in the place of a part: for an expression a reference, or its value as a scalar."""
        if isinstance(part, str):
            return part
        if isinstance(part, Problem):
            self._wrong([part])
            return None
        if isinstance(part.tree, Reference | Call):
            return self._bare(part.tree)
        return self._value(part)

    def _bare(self, tree: Reference | Call) -> Part | Scalar | None:
        """A reference that stands alone, or a function of one, which may stay."""
        try:
            meaning = meaning_of(tree, self._params)
        except ExpressionError as error:
            self._wrong([error.problem])
            return None
        if meaning is None:
            return None
        if isinstance(meaning, Parameter) and (self._place.pins or not self._place.keeps_references):
            assert isinstance(tree, Reference), "no function gives a parameter"
            return self._pin(tree, meaning)
        if not self._place.keeps_references:
            self._wrong([self._too_early(tree, meaning)])
            return None
        return _part_of(meaning, self._span(tree))

    def _value(self, expression: Expression) -> Scalar | None:
        from automl.compiler.expressions.evaluate import evaluate
        from automl.compiler.expressions.types import type_of

        problems: list[Problem] = []
        if type_of(expression.tree, self._params, problems) is None or problems:
            self._wrong(problems)
            return None
        meanings = [
            (reference, meaning_of(reference, self._params)) for reference in references_in(expression.tree)
        ]
        for reference, meaning in meanings:
            if meaning is None:
                return None
            assert isinstance(meaning, Parameter), "what is known only in a run is not computed with"
            self._pin(reference, meaning)
        value = evaluate(expression.tree, self._params)
        return Scalar(value.text, value.plain, self._places.span(expression.start, expression.end))

    def _pin(self, reference: Reference, parameter: Parameter) -> Scalar:
        self.pinned.setdefault(parameter.name, self._span(reference))
        return self._known(reference)

    def _known(self, reference: Reference) -> Scalar:
        from automl.compiler.expressions.evaluate import evaluate

        value = evaluate(reference, self._params)
        return Scalar(value.text, value.plain, self._span(reference))

    def _too_early(self, tree: Reference | Call, meaning: Meaning) -> Problem:
        shown = ".".join(tree.names) if isinstance(tree, Reference) else f"{tree.name}()"
        is_of_trial = isinstance(meaning, OfTrial | OfFold)
        when = "another one in each trial" if is_of_trial else "known only when the workflow runs"
        message = f'"{shown}" is {when}, too late for "{self._place.key}"'
        help = "such a value can stand in `args`, `envs` and `inputs` of a step"
        return Problem(tree.start, tree.end, message, help, Code.RUN_TIME_VALUE)

    def _span(self, tree: Reference | Call) -> Span:
        return self._places.span(tree.start, tree.end)

    def _wrong(self, problems: Sequence[Problem]) -> None:
        for start, end, message, help, code in problems:
            self.diagnostics.append(Diagnostic(code, message, self._places.span(start, end), help=help))


def _part_of(meaning: Meaning, span: Span) -> Part:
    """What stays in a text for what is known later."""
    match meaning:
        case Parameter():
            return ParamReference(meaning.name, span)
        case OfOutput():
            return OutputReference(*meaning, span)
        case OfTrial():
            return TrialReference(*meaning, span)
        case OfFold():
            return FoldReference(*meaning, span)
        case OfBest():
            return BestReference(*meaning, span)
        case OfAll():
            return CollectReference(*meaning, span)
    return RunReference(*meaning, span)


def _joined(scalar: Scalar, parts: list[Part | Scalar]) -> Scalar:
    """The scalar that consists of these parts. One that is a whole value keeps its type."""
    if len(parts) == 1 and isinstance(parts[0], Scalar):
        return Scalar(parts[0].text, parts[0].value, scalar.span)
    texts: list[Part] = []
    for part in parts:
        text = part.text if isinstance(part, Scalar) else part
        if isinstance(text, str) and texts and isinstance(texts[-1], str):
            texts[-1] += text
        elif text != "":
            texts.append(text)
    if all(isinstance(part, str) for part in texts):
        text = "".join(part for part in texts if isinstance(part, str))
        return Scalar(text, text, scalar.span)
    return Scalar(scalar.text, scalar.value, scalar.span, tuple(texts))
