"""One scalar with expressions in its text: what becomes of it where it stands."""

from collections.abc import Sequence
from typing import NamedTuple

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.expressions.evaluate import evaluate
from automl.compiler.expressions.places import Places
from automl.compiler.expressions.problems import ExpressionError, Problem
from automl.compiler.expressions.scope import OfOutput, Parameters, meaning_of, references_in
from automl.compiler.expressions.syntax import Expression, Reference, parts_of
from automl.compiler.expressions.types import type_of
from automl.compiler.ir import Parameter
from automl.compiler.source import Span
from automl.compiler.tree.nodes import OutputReference, ParamReference, Part, RunReference, Scalar


class Place(NamedTuple):
    """Where a scalar stands: behind which key, and whether references may stay in it until a run."""

    key: str
    keeps_references: bool


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
        if isinstance(part.tree, Reference):
            return self._bare(part.tree)
        return self._value(part)

    def _bare(self, reference: Reference) -> Part | Scalar | None:
        """A reference that stands alone, which may stay one."""
        span = self._span(reference)
        try:
            meaning = meaning_of(reference, self._params)
        except ExpressionError as error:
            self._wrong([error.problem])
            return None
        if meaning is None:
            return None
        if isinstance(meaning, Parameter):
            if self._place.keeps_references:
                return ParamReference(meaning.name, span)
            return self._pin(reference, meaning)
        if not self._place.keeps_references:
            self._wrong([self._too_early(reference)])
            return None
        return (
            OutputReference(*meaning, span)
            if isinstance(meaning, OfOutput)
            else RunReference(meaning.field, span)
        )

    def _value(self, expression: Expression) -> Scalar | None:
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
        value = evaluate(reference, self._params)
        return Scalar(value.text, value.plain, self._span(reference))

    def _too_early(self, reference: Reference) -> Problem:
        shown = ".".join(reference.names)
        message = f'"{shown}" is known only when the workflow runs, too late for "{self._place.key}"'
        help = "such a value can stand in `args`, `envs` and `inputs` of a step"
        return Problem(reference.start, reference.end, message, help, Code.RUN_TIME_VALUE)

    def _span(self, reference: Reference) -> Span:
        return self._places.span(reference.start, reference.end)

    def _wrong(self, problems: Sequence[Problem]) -> None:
        for start, end, message, help, code in problems:
            self.diagnostics.append(Diagnostic(code, message, self._places.span(start, end), help=help))


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
