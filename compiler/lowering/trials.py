"""The trials of the steps that have some: their table, their folds, and what the best of them is told by."""

from collections.abc import Iterator

from automl.compiler import ir
from automl.compiler.config.config import Config
from automl.compiler.config.step import StepConfig
from automl.compiler.config.sweep import SweepConfig
from automl.compiler.diagnostics import Code, Diagnostic, Related, has_errors
from automl.compiler.ir import Constant, OfFold, OfTrial, Reference, Trials, Type
from automl.compiler.lowering.steps import StepAt, Steps
from automl.compiler.source import Span
from automl.compiler.suggest import did_you_mean

INDICES = ir.variable_of("INPUT", "indices")


class AllTrials:
    """The trials of the tasks that have some, by their names."""

    def __init__(self, config: Config, steps: Steps) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._most = config.max_tasks
        self._runs = 0
        self._of: dict[str, Trials] = {}
        for at in steps.all:
            if at.step.sweep or at.step.cross_validation:
                self._add(at)

    def of(self, task: str) -> Trials | None:
        """The trials of a task; None if it runs once."""
        return self._of.get(task)

    def given(self, at: StepAt) -> Iterator[Reference]:
        """What every run of a task can read of its trial and of its fold."""
        trials = self._of.get(at.task)
        for axis in trials.axes if trials else ():
            yield Reference(ir.variable_of("PARAM", axis.name), OfTrial(axis.name, axis.type))
        if trials and trials.folds:
            yield from (Reference(fold_variable(field), OfFold(field)) for field in OfFold)

    def _add(self, at: StepAt) -> None:
        from automl.compiler.trials.table import ALONE, table_of  # for the few configs that have some

        sweep, spans = at.step.sweep, at.step.spans
        span = spans["sweep" if sweep else "cross_validation"]
        folds = at.step.cross_validation.folds if at.step.cross_validation else None
        rest = max(0, self._most - self._runs) // (folds or 1)
        table = table_of(sweep, rest) if sweep and any(sweep.axes) else ALONE
        self.diagnostics += table.diagnostics
        if sweep and table is ALONE and not at.step.cross_validation:
            help = "write some: `grid: {lr: [0.1, 0.01]}`"
            self.diagnostics.append(Diagnostic(Code.SWEEP, "the sweep has no values", span, help))
        if not has_errors(table.diagnostics):
            self._count(table.length * (folds or 1), span)
        objective = self._objective(at.step, sweep)
        self._of[at.task] = Trials(table.axes, table.trials, folds, *_limits(sweep), objective)

    def _count(self, runs: int, span: Span) -> None:
        """The limit is for all of them together."""
        from automl.compiler.trials.table import too_many

        before, self._runs = self._runs, self._runs + runs
        if before <= self._most < self._runs:
            self.diagnostics.append(too_many(self._runs, self._most, span))

    def _objective(self, step: StepConfig, sweep: SweepConfig | None) -> ir.Objective | None:
        if sweep is None or sweep.objective is None:
            return None
        metric = sweep.objective.metric
        name, _, number = metric.value.partition(".")
        output = next((output for output in step.outputs if output.name == name), None)
        if output is None:
            self.diagnostics.append(_no_output(step, name, metric.span))
        elif wrong := _no_number(output, number):
            message, help = wrong
            self.diagnostics.append(Diagnostic(Code.OUTPUT, message, metric.span, help))
        return ir.Objective(name, number or None, sweep.objective.goal == "maximize")


def fold_variable(field: OfFold) -> str:
    """The variable with the number of the fold, or of all."""
    return ir.variable_of("PARAM", f"fold_{field}")


def indices_of(step: StepConfig) -> Reference | None:
    """The path of the file that says who belongs to which fold, if it is one of the project."""
    return Reference(INDICES, Constant(step.indices_file.value)) if step.indices_file else None


def _limits(sweep: SweepConfig | None) -> tuple[int | None, int]:
    return (sweep.max_parallel, sweep.max_failed) if sweep else (None, 0)


def _no_output(step: StepConfig, name: str, span: Span) -> Diagnostic:
    known = [output.name for output in step.outputs]
    better = did_you_mean(name, known)
    help = (
        f'did you mean "{better}"?'
        if better
        else f"say in the step what it leaves: `outputs: {{{name}: float}}`"
    )
    message = f'the step "{step.name.written}" has no output "{name}"'
    return Diagnostic(Code.OUTPUT, message, span, help, (Related("the step", step.name.span),))


def _no_number(output: ir.Output, number: str) -> tuple[str, str] | None:
    """Why an output is nothing to judge by, and the way out."""
    if output.type is Type.METRICS:
        if number:
            return None
        return f'"{output.name}" has many numbers', f"name one of them: `{output.name}.auc`"
    if number:
        return f'"{output.name}" is {output.type}, and no metrics', f"write `metric: {output.name}`"
    if output.type in (Type.INT, Type.FLOAT):
        return None
    return f'"{output.name}" is {output.type}, and no number', "declare it as `float`, or take another output"
