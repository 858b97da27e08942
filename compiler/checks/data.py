"""What a step takes and leaves: names that become one variable, and files that nothing can put in their place."""

import posixpath
from collections.abc import Iterable, Iterator

from automl.compiler import ir
from automl.compiler.config.code_source import uses_project
from automl.compiler.config.config import Config
from automl.compiler.config.step import StepConfig
from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.source import Located, Span


def check_names(config: Config) -> Iterator[Diagnostic]:
    """Two inputs, or two outputs, of which the programs would see one."""
    for step in config.steps:
        yield from _same_variables("INPUT", [(pair.key.value, pair.key.span) for pair in step.inputs])
        yield from _same_variables("OUTPUT", [(output.name, output.span) for output in step.outputs])
        if step.cross_validation and step.cross_validation.indices:
            yield from _taken_by_folds(step, step.cross_validation.indices.span)


def check_trial_names(config: Config) -> Iterator[Diagnostic]:
    """Values of a trial of which the programs would see one: of one name, or with a parameter, or with the fold."""
    params = {param.variable: param.span for param in config.params}
    for step in config.steps:
        variables = dict(params)
        if step.cross_validation:
            span = step.cross_validation.span
            variables |= {ir.variable_of("PARAM", f"fold_{field}"): span for field in ir.OfFold}
        names: dict[str, Span] = {}
        for name, span in step.sweep.axes if step.sweep else ():
            variable = ir.variable_of("PARAM", name)
            other = variables.setdefault(variable, span)
            if name in names:
                message = f'"{name}" is swept twice'
                help = "let it stand in one of `grid`, `zip` and `random`"
            else:
                message = f'"{name}" becomes the variable {variable}, and so does another value'
                help = "give one of them another name, or leave out the one that never changes"
            if other is not span:
                yield Diagnostic(Code.SAME_NAME, message, span, help, (Related("the other one", other),))
            names[name] = span


def _taken_by_folds(step: StepConfig, span: Span) -> Iterator[Diagnostic]:
    variable = ir.variable_of("INPUT", "indices")
    for pair in step.inputs:
        if ir.variable_of("INPUT", pair.key.value) == variable:
            message = (
                f'"{pair.key.value}" becomes the variable {variable}, which has the indices of the folds'
            )
            help, related = "give it another name", (Related("the indices", span),)
            yield Diagnostic(Code.SAME_NAME, message, pair.key.span, help, related)


def _same_variables(kind: str, names: Iterable[tuple[str, Span]]) -> Iterator[Diagnostic]:
    first: dict[str, tuple[str, Span]] = {}
    for name, span in names:
        variable = ir.variable_of(kind, name)
        other, place = first.setdefault(variable, (name, span))
        if other != name:
            message = f'"{name}" and "{other}" both become the variable {variable}'
            help, related = "give one of them another name", (Related("the first one", place),)
            yield Diagnostic(Code.SAME_NAME, message, span, help, related)


def check_output_paths(config: Config) -> Iterator[Diagnostic]:
    """A `path` of what is no file, or of a step without the project's folder."""
    for step in config.steps:
        for output in step.outputs:
            if output.path is None or step.service:
                continue
            span = step.spans.get(f"outputs[{output.name}].path", output.span)
            if not output.type.is_file:
                message = f'"path" is for files, and "{output.name}" is a value: {output.type}'
                help = "leave it out, and write the value to the path in $" + output.variable
                yield Diagnostic(Code.OUTPUT, message, span, help)
            elif not uses_project(step, config.code):
                message = '"path" is in the folder of the project, and the code of this step is in its image'
                help = "leave it out, and write to the path in $" + output.variable
                yield Diagnostic(Code.CANNOT_SAY, message, span, help)
            else:
                yield from _leaving(Located(output.path, span))
                yield from _there_before(step, Located(output.path, span))


def _there_before(step: StepConfig, path: Located[str]) -> Iterator[Diagnostic]:
    """An output in the place of what the step needs: it would never be missing."""
    needed = [path.value for path in (step.path, step.dependencies, step.params_file) if path]
    if posixpath.normpath(path.value) in map(posixpath.normpath, needed):
        message = (
            f'"{path.value}" is there before the step runs, so nobody could tell whether the step has left it'
        )
        yield Diagnostic(Code.OUTPUT, message, path.span, "give another path")


def check_params_files(config: Config) -> Iterator[Diagnostic]:
    """A file of parameters for a program that is in an image, where nothing of ours can write it."""
    for step in config.steps:
        if step.params_file is None:
            continue
        if not uses_project(step, config.code):
            message = '"path" is in the folder of the project, and the code of this step is in its image'
            help = "leave `params_file` out, and read the variables AUTOML_PARAM_…"
            yield Diagnostic(Code.CANNOT_SAY, message, step.spans["params_file.path"], help)
        yield from _leaving(step.params_file)
        own = [path.value for path in (step.path, step.dependencies) if path]
        if posixpath.normpath(step.params_file.value) in map(posixpath.normpath, own):
            message = f'the parameters would replace "{step.params_file.value}", which the step needs'
            yield Diagnostic(Code.OUTPUT, message, step.params_file.span, "give another path")


def _leaving(path: Located[str]) -> Iterator[Diagnostic]:
    if ".." in path.value.split("/"):
        message = f'"{path.value}" leads out of the folder of the project'
        yield Diagnostic(Code.OUTSIDE_PROJECT, message, path.span, "write a path below it")
