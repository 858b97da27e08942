"""The values that a step takes: parameters, outputs of other steps, and what tells runs apart; and what it leaves."""

from collections.abc import Iterator, Sequence

from automl.compiler import ir
from automl.compiler.config.located import Template
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import (
    BestOutput,
    BestParam,
    Collected,
    OfFold,
    OfRun,
    OfTrial,
    OutputOf,
    Parameter,
    Reference,
    Source,
    Text,
    Type,
    Variable,
)
from automl.compiler.lowering.lost_references import (
    OfStep,
    no_axis,
    no_fold,
    no_mean,
    no_output,
    no_param,
    no_step,
    no_trials,
    of_many,
)
from automl.compiler.lowering.needs import several
from automl.compiler.lowering.steps import StepAt, Steps
from automl.compiler.lowering.trials import INDICES, AllTrials, fold_variable, indices_of
from automl.compiler.source import Located, Span
from automl.compiler.tree.nodes import (
    BestReference,
    CollectReference,
    FoldReference,
    OutputReference,
    ParamReference,
    Part,
    TrialReference,
)

_WITH_MEAN = (Type.INT, Type.FLOAT, Type.METRICS)


class Values:
    """What the texts of the steps refer to. `taken` has what each task takes of others, and where it says so."""

    def __init__(self, steps: Steps, params: Sequence[Parameter], trials: AllTrials) -> None:
        self._steps, self._trials = steps, trials
        self._params = {param.name: param for param in params}
        self.diagnostics: list[Diagnostic] = []
        self.taken: dict[str, dict[str, Span]] = {}
        self._variables: dict[str, Source] = {}
        self._outputs_of_folds: dict[str, OutputOf | None] = {}
        self._outputs: dict[str, dict[str, ir.Output]] = {
            at.task: {output.name: output for output in at.step.outputs} for at in steps.all
        }

    def text(self, located: Located[str], at: StepAt) -> Text:
        """A text of a step, with a reference for each value in it."""
        if type(located) is not Template:
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

    def given(self, at: StepAt) -> list[Reference]:
        """The parameters, which every step can read, and what each of its runs is given of its trial and its fold."""
        params = (Reference(param.variable, param) for param in self._params.values())
        return [*params, *self._trials.given(at), *self._indices(at)]

    def _indices(self, at: StepAt) -> Iterator[Reference]:
        """The file that says who belongs to which fold: one of the project, or an output."""
        if own := indices_of(at.step):
            yield own
        elif at.step.cross_validation and at.step.cross_validation.indices:
            if at.task not in self._outputs_of_folds:
                self._outputs_of_folds[at.task] = self._output_of_folds(at.step.cross_validation.indices, at)
            if output := self._outputs_of_folds[at.task]:
                yield Reference(INDICES, output)

    def _output_of_folds(self, indices: Located[str], at: StepAt) -> OutputOf | None:
        before = len(self.diagnostics)
        match self.text(indices, at).parts:
            case (Reference(source=OutputOf(type=type) as output),) if type.is_file:
                return output
        if len(self.diagnostics) == before:
            message = "the indices are a file, and this is none"
            help = "take one output of a step that is a `file`: `${{ steps.split.outputs.folds }}`"
            self.diagnostics.append(Diagnostic(Code.OUTPUT, message, indices.span, help))
        return None

    def _part(self, part: Part, at: StepAt) -> str | Reference | None:
        source: Source | None
        match part:
            case str():
                return part
            case ParamReference():
                param = self._params[part.name]
                return Reference(param.variable, param)
            case TrialReference():
                return self._of_trial(part, at)
            case FoldReference():
                return self._of_fold(part, at)
            case OutputReference():
                source = self._output(part, at)
            case BestReference() | CollectReference():
                source = self._of_trials(part, at)
            case _:
                return Reference(f"AUTOML_RUN_{part.field.upper()}", OfRun(part.field))
        return Reference(self._variable(source), source) if source else None

    def _of_trial(self, reference: TrialReference, at: StepAt) -> Reference | None:
        trials = self._trials.of(at.task)
        axes = {axis.name: axis for axis in trials.axes} if trials else {}
        if axis := axes.get(reference.name):
            return Reference(ir.variable_of("PARAM", axis.name), OfTrial(axis.name, axis.type))
        if not at.step.sweep or axes:  # of a sweep that is wrong enough has been said
            self.diagnostics.append(no_axis(reference, at, axes))
        return None

    def _of_fold(self, reference: FoldReference, at: StepAt) -> Reference | None:
        if at.step.cross_validation:
            field = OfFold(reference.field)
            return Reference(fold_variable(field), field)
        self.diagnostics.append(no_fold(reference, at))
        return None

    def _of_trials(self, reference: BestReference | CollectReference, at: StepAt) -> Source | None:
        """What all trials of a step left, or the best of them; none, and a diagnostic, if there is no such."""
        producer = self._producer(reference)
        trials = self._trials.of(producer.task) if producer else None
        if producer is None or (trials is None and producer.step.sweep):
            return None
        is_best = isinstance(reference, BestReference)
        if trials is None or producer is at or (is_best and trials.objective is None):
            self.diagnostics.append(no_trials(reference, producer, at, trials))
            return None
        if isinstance(reference, BestReference) and reference.kind == "params":
            axis = next((axis for axis in trials.axes if axis.name == reference.name), None)
            if axis is None:
                self.diagnostics.append(no_param(reference, producer, trials))
                return None
            self._take(reference.span, producer, at)
            return BestParam(producer.task, axis.name, axis.type)
        name = reference.name if isinstance(reference, BestReference) else reference.output
        output = self._outputs[producer.task].get(name)
        if output is None:
            self.diagnostics.append(no_output(reference, producer, at))
            return None
        if is_best and trials.folds and output.type not in _WITH_MEAN:
            self.diagnostics.append(no_mean(reference.span, output))
            return None
        self._take(reference.span, producer, at)
        if not is_best:
            return Collected(producer.task, output.name, output.type)
        is_mean = trials.folds and output.type is Type.INT
        return BestOutput(producer.task, output.name, Type.FLOAT if is_mean else output.type)

    def _producer(self, reference: OfStep) -> StepAt | None:
        """The step that is meant; none, and a diagnostic, if there is no such."""
        steps = self._steps.called(reference.step)
        if len(steps) > 1:
            several(self.diagnostics, reference.step, reference.span, steps, "steps['{}']")
        elif not steps:
            self.diagnostics.append(no_step(reference, self._steps.nearest_step(reference.step)))
        return steps[0] if len(steps) == 1 else None

    def _take(self, span: Span, producer: StepAt, at: StepAt) -> None:
        self.taken.setdefault(at.task, {}).setdefault(producer.task, span)

    def _output(self, reference: OutputReference, at: StepAt) -> OutputOf | None:
        """The output that is meant; none, and a diagnostic, if there is no such."""
        producer = self._producer(reference)
        if producer is None:
            return None
        output = self._outputs[producer.task].get(reference.output)
        if producer.step.service or output is None or producer is at:
            self.diagnostics.append(no_output(reference, producer, at))
            return None
        if producer.step.sweep or producer.step.cross_validation:
            self.diagnostics.append(of_many(reference, producer))
            return None
        self._take(reference.span, producer, at)
        return OutputOf(producer.task, output.name, output.type)

    def _variable(self, source: Source) -> str:
        """The variable for an output in a text: the same everywhere, and of no other output."""
        wanted = _wanted_variable(source)
        name, number = wanted, 1
        while self._variables.setdefault(name, source) != source:
            number += 1
            name = f"{wanted}_{number}"
        return name


def _wanted_variable(source: Source) -> str:
    words: tuple[str, ...]
    match source:
        case OutputOf():
            words = (source.task, source.output)
        case BestParam():
            words = (source.task, "best", source.axis)
        case BestOutput():
            words = (source.task, "best", source.output)
        case Collected():
            words = (source.task, "all", source.output)
        case _:
            raise ValueError("what is no output of a task has a variable of its own")
    return ir.variable_of("FROM", "-".join(words))
