"""What is known only when a task runs: a variable of its container that its texts refer to."""

from dataclasses import replace

from automl.compiler.ir import Reference, Task, Text, Variable


def with_variables(task: Task) -> Task:
    """The task with a variable for each value that its texts refer to, before all that may refer to it.

    So an emitter writes `$(NAME)`, or whatever the engine takes for a variable, and fills only the variable itself.
    """
    references = dict.fromkeys(reference for text in task.texts for reference in text.references)
    if not references:
        return task
    if len({reference.variable for reference in references}) < len(references):
        raise ValueError(f"{task.name}: a variable has one source")
    return replace(
        task, variables=tuple(_variable(reference, task) for reference in references) + task.variables
    )


def _variable(reference: Reference, task: Task) -> Variable:
    return Variable(reference.variable, Text.of(reference.source.value, task.span))
