"""The values that a step takes: parameters, outputs of other steps, and what tells runs apart; and what it leaves."""

import re
from collections.abc import Sequence

from automl.compiler import ir
from automl.compiler.config.located import Template
from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.ir import OfRun, OutputOf, Parameter, Reference, Text, Variable
from automl.compiler.lowering.needs import several
from automl.compiler.lowering.steps import StepAt, Steps
from automl.compiler.source import Located, Span
from automl.compiler.suggest import did_you_mean
from automl.compiler.tree.nodes import OutputReference, ParamReference, Part

_NAME = re.compile(r"[\w-]+")


class Values:
    """What the texts of the steps refer to. `taken` has what each task takes of others, and where it says so."""

    def __init__(self, steps: Steps, params: Sequence[Parameter]) -> None:
        self._steps = steps
        self._params = {param.name: param for param in params}
        self.diagnostics: list[Diagnostic] = []
        self.taken: dict[str, dict[str, Span]] = {}
        self._variables: dict[str, OutputOf] = {}
        self._outputs: dict[str, dict[str, ir.Output]] = {
            at.task: {output.name: output for output in at.step.outputs} for at in steps.all
        }

    def text(self, located: Located[str], at: StepAt) -> Text:
        """A text of a step, with a reference for each value in it."""
        if not isinstance(located, Template):
            return Text.of(located.value, located.span)
        parts = [self._part(part, at) for part in located.parts]
        return Text(tuple(part for part in parts if part is not None), located.span)

    def inputs(self, at: StepAt) -> tuple[list[Reference], list[Variable]]:
        """The inputs of a step: those that are a value as it is, and texts around values."""
        filled: list[Reference] = []
        texts: list[Variable] = []
        for pair in at.step.inputs:
            name, text = ir.variable_of("INPUT", pair.key.value), self.text(pair.value, at)
            match text.parts:
                case (Reference(source=source),):
                    filled.append(Reference(name, source))
                case _:
                    texts.append(Variable(name, text))
        return filled, texts

    def given(self) -> list[Reference]:
        """The parameters, which every step can read."""
        return [Reference(param.variable, param) for param in self._params.values()]

    def _part(self, part: Part, at: StepAt) -> str | Reference | None:
        if isinstance(part, str):
            return part
        if isinstance(part, ParamReference):
            param = self._params[part.name]
            return Reference(param.variable, param)
        if isinstance(part, OutputReference):
            source = self._output(part, at)
            return Reference(self._variable(source), source) if source else None
        return Reference(f"AUTOML_RUN_{part.field.upper()}", OfRun(part.field))

    def _output(self, reference: OutputReference, at: StepAt) -> OutputOf | None:
        """The output that is meant; none, and a diagnostic, if there is no such."""
        steps = self._steps.called(reference.step)
        if len(steps) > 1:
            several(self.diagnostics, reference.step, reference.span, steps, "steps['{}']")
        elif not steps:
            self._no_step(reference)
        if len(steps) != 1:
            return None
        [producer] = steps
        output = self._outputs[producer.task].get(reference.output)
        if producer.step.service or output is None or producer is at:
            self.diagnostics.append(_no_output(reference, producer, at))
            return None
        self.taken.setdefault(at.task, {}).setdefault(producer.task, reference.span)
        return OutputOf(producer.task, output.name, output.type)

    def _variable(self, source: OutputOf) -> str:
        """The variable for an output in a text: the same everywhere, and of no other output."""
        wanted = ir.variable_of("FROM", f"{source.task}-{source.output}")
        name, number = wanted, 1
        while self._variables.setdefault(name, source) != source:
            number += 1
            name = f"{wanted}_{number}"
        return name

    def _no_step(self, reference: OutputReference) -> None:
        nearest = self._steps.nearest_step(reference.step)
        better = f'did you mean "{_written(nearest, reference.output)}"?' if nearest else None
        help = better or "write the name of a step that has `outputs`"
        message = f'there is no step "{reference.step}"'
        self.diagnostics.append(Diagnostic(Code.UNKNOWN_STEP, message, reference.span, help))


def _no_output(reference: OutputReference, producer: StepAt, at: StepAt) -> Diagnostic:
    name = producer.step.name.written
    related: tuple[Related, ...] = (Related("the step", producer.step.name.span),)
    if producer is at:
        message, help = f'"{name}" cannot take an output of its own', "take one of a step before it"
        return Diagnostic(Code.CIRCLE, message, reference.span, help)
    if producer.step.service:
        message, help = f'"{name}" is a service: it does not end, so it has no outputs', "take one of a job"
        return Diagnostic(Code.OUTPUT, message, reference.span, help, related)
    known = [output.name for output in producer.step.outputs]
    nearest = did_you_mean(reference.output, known)
    better = f'did you mean "{_written(reference.step, nearest)}"?' if nearest else None
    help = better or f"it has {', '.join(known)}"
    if not known:
        help = f"say in that step what it leaves: `outputs: {{{reference.output}: file}}`, or another type"
    message = f'the step "{name}" has no output "{reference.output}"'
    return Diagnostic(Code.OUTPUT, message, reference.span, help, related)


def _written(step: str, output: str) -> str:
    """A reference, as it stands in an expression."""
    return f"steps.{step}.outputs.{output}" if _NAME.fullmatch(step) else f"steps['{step}'].outputs.{output}"
