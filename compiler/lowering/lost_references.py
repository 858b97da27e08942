"""What is said of a reference that leads nowhere."""

from collections.abc import Iterable
from typing import TypeAlias

from automl.compiler import ir
from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.lowering.steps import StepAt
from automl.compiler.patterns import regex
from automl.compiler.source import Span
from automl.compiler.suggest import did_you_mean
from automl.compiler.tree.nodes import (
    BestReference,
    CollectReference,
    FoldReference,
    OutputReference,
    TrialReference,
)

OfStep: TypeAlias = OutputReference | BestReference | CollectReference
_NAME = regex(r"[\w-]+")


def no_step(reference: OfStep, nearest: str | None) -> Diagnostic:
    """There is no step of that name."""
    better = _written(reference, step=nearest) if nearest else None
    help = f'did you mean "{better}"?' if better else "write the name of a step that has `outputs`"
    message = f'there is no step "{reference.step}"'
    return Diagnostic(Code.UNKNOWN_STEP, message, reference.span, help)


def no_output(reference: OfStep, producer: StepAt, at: StepAt) -> Diagnostic:
    """The step has no such output, or is the one that asks, or none can have any."""
    name, output = producer.step.name.written, _name(reference)
    related: tuple[Related, ...] = (Related("the step", producer.step.name.span),)
    if producer is at:
        message, help = f'"{name}" cannot take an output of its own', "take one of a step before it"
        return Diagnostic(Code.CIRCLE, message, reference.span, help)
    if producer.step.service:
        message, help = f'"{name}" is a service: it does not end, so it has no outputs', "take one of a job"
        return Diagnostic(Code.OUTPUT, message, reference.span, help, related)
    known = [output.name for output in producer.step.outputs]
    nearest = did_you_mean(output, known)
    better = f'did you mean "{_written(reference, name=nearest)}"?' if nearest else None
    help = better or f"it has {', '.join(known)}"
    if not known:
        help = f"say in that step what it leaves: `outputs: {{{output}: file}}`, or another type"
    message = f'the step "{name}" has no output "{output}"'
    return Diagnostic(Code.OUTPUT, message, reference.span, help, related)


def no_axis(reference: TrialReference, at: StepAt, axes: Iterable[str]) -> Diagnostic:
    """The sweep of the step has no such value, or there is none."""
    names = list(axes)
    if not names:
        message = f'the step "{at.step.name.written}" has no sweep'
        help = f"say which values there are: `sweep: {{grid: {{{reference.name}: […]}}}}`"
    else:
        message = f'the sweep has no "{reference.name}"'
        better = did_you_mean(reference.name, names)
        help = f'did you mean "sweep.{better}"?' if better else f"it has {', '.join(names)}"
    return Diagnostic(Code.UNKNOWN_REFERENCE, message, reference.span, help)


def no_trials(
    reference: BestReference | CollectReference, producer: StepAt, at: StepAt, trials: ir.Trials | None
) -> Diagnostic:
    """The step has no trials, or does not say which is the best, or is the one that asks."""
    name = producer.step.name.written
    if producer is at:
        message, help = f'"{name}" cannot take what its own trials leave', "take it in a step behind it"
        return Diagnostic(Code.CIRCLE, message, reference.span, help)
    related = (Related("the step", producer.step.name.span),)
    if trials is None:
        is_output = isinstance(reference, CollectReference) or reference.kind == "outputs"
        as_it_is = OutputReference(reference.step, _name(reference), reference.span)
        message, help = f'"{name}" has no trials: it runs once', "give it a `sweep`"
        help = f"take its output as it is, `{_written(as_it_is)}`" if is_output else help
        return Diagnostic(Code.OUTPUT, message, reference.span, help, related)
    message = f'the sweep of "{name}" does not say which trial is the best'
    help = "say it in the sweep: `objective: {metric: auc, goal: maximize}`"
    return Diagnostic(Code.OUTPUT, message, reference.span, help, related)


def no_fold(reference: FoldReference, at: StepAt) -> Diagnostic:
    """The step has no folds."""
    message = f'the step "{at.step.name.written}" has no folds'
    help = "say how many: `cross_validation: {folds: 5}`"
    return Diagnostic(Code.UNKNOWN_REFERENCE, message, reference.span, help)


def no_param(reference: BestReference, producer: StepAt, trials: ir.Trials) -> Diagnostic:
    """The best trial has no such value."""
    names = [axis.name for axis in trials.axes]
    better = did_you_mean(reference.name, names)
    help = f"it has {', '.join(names)}" if names else "it has no values at all"
    help = f'did you mean "{_written(reference, name=better)}"?' if better else help
    message = f'the sweep of "{producer.step.name.written}" has no "{reference.name}"'
    return Diagnostic(Code.UNKNOWN_REFERENCE, message, reference.span, help)


def no_mean(span: Span, output: ir.Output) -> Diagnostic:
    """An output of many folds is of no type that has a mean."""
    message = f'the best trial has left "{output.name}" once a fold, and {output.type} has no mean'
    help = "train once more with `best.params` in a step behind it, or take all by `collect()`"
    return Diagnostic(Code.OUTPUT, message, span, help)


def of_many(reference: OutputReference, producer: StepAt) -> Diagnostic:
    """An output stands for one, and there are many."""
    name, span = producer.step.name.written, reference.span
    collect = _written(CollectReference(reference.step, reference.output, span))
    best = _written(BestReference(reference.step, "outputs", reference.output, span))
    message = f'"{name}" leaves "{reference.output}" once a trial'
    objective = producer.step.sweep and producer.step.sweep.objective
    help = f"take that of the best, `{best}`, or all, `{collect}`" if objective else f"take all: `{collect}`"
    return Diagnostic(Code.OUTPUT, message, span, help)


def _name(reference: OfStep) -> str:
    return reference.name if isinstance(reference, BestReference) else reference.output


def _written(reference: OfStep, step: str | None = None, name: str | None = None) -> str:
    """A reference as it stands in an expression, perhaps to another step, or by another name."""
    step, name = step or reference.step, name or _name(reference)
    of_step = f"steps.{step}" if _NAME.fullmatch(step) else f"steps['{step}']"
    if isinstance(reference, BestReference):
        return f"{of_step}.best.{reference.kind}.{name}"
    output = f"{of_step}.outputs.{name}"
    return f"collect({output})" if isinstance(reference, CollectReference) else output
