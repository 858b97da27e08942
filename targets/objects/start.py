"""What the start script of a project is told, and what an engine gives a task in a run."""

from collections.abc import Callable, Iterator, Sequence

from automl.compiler.ir import OfFold, OfTrial, Output, Parameter, Project, Task, Text, Type
from automl.compiler.records import NamedTuple
from automl.targets.writers.yaml import Value


class Given(NamedTuple):
    """How an engine gives a task what is known in a run only.

    `variables` are entries of `env`, before all others. `options` are those of the start script beside the ones that every
    engine has. `by_script`: no entry of `env` has the values, so that the start script puts them into texts.
    """

    variables: Sequence[Value] = ()
    options: Sequence[Text | str] = ()
    by_script: bool = False


def placeholders(task: Task) -> Given:
    """Variables without a value, for who makes the object to fill."""
    return Given([{"name": reference.variable} for reference in task.values if reference.known is None])


def start_arguments(task: Task, options: Sequence[Text | str] = ()) -> list[Text | str]:
    """What the start script is told: what to install, what the task is given and leaves, more options, what to run."""
    assert task.project
    known = [*_installed(task.project), *_parameters(task, task.project), *declared(task.outputs)]
    return [*known, *options, "--", *task.command.words]


def _installed(project: Project) -> Iterator[Text | str]:
    if project.dependencies:
        yield from ("--dependencies", project.dependencies)
    for package in project.packages:
        yield from ("--package", package)


def _parameters(task: Task, project: Project) -> Iterator[str]:
    for source in dict.fromkeys(reference.source for reference in task.values):
        match source:
            case Parameter():
                yield from ("--param", f"{source.name}:{source.type}")
            case OfTrial():
                yield from ("--param", f"{source.axis}:{source.type}")
            case OfFold():
                yield from ("--param", f"fold_{source}:{Type.INT}")
    if project.params_file is not None:
        yield from ("--params-file", project.params_file)


def declared(outputs: Sequence[Output]) -> Iterator[str]:
    """What a task has to leave."""
    for output in outputs:
        path = "" if output.path is None else f":{output.path}"
        yield from ("--output", f"{output.name}:{output.type}{path}")


def is_late(text: Text) -> bool:
    """Whether a part of a text is known in a run only."""
    references = text.references
    return bool(references) and any(reference.known is None for reference in references)


def late_options(task: Task, is_late: Callable[[Text], bool] = is_late) -> Iterator[Text | str]:
    """What tells the start script of the texts that it puts values into: words, and values of variables."""
    if not task.values:  # to which all references of its texts are
        return
    for variable in task.variables:
        if is_late(variable.value):
            yield from ("--set", Text((f"{variable.name}=", *variable.value.parts), variable.value.span))
    for number, word in enumerate(task.command.words):
        if is_late(word):
            yield from ("--expand", str(number))
