"""What is known only when a task runs: variables of its container that its texts refer to."""

from typing import TypeVar

from automl.compiler.ir import BaseTask

T = TypeVar("T", bound=BaseTask)


def with_values(task: T) -> T:
    """The task with a variable for each value that it has, or that its texts refer to.

    So an emitter writes `$(NAME)`, or whatever the engine takes for a variable, and fills only the variable itself.
    """
    in_texts = [part for text in task.texts for part in text.parts if not isinstance(part, str)]
    references = tuple(dict.fromkeys((*task.values, *in_texts)))
    if not references:
        return task
    if len({reference.variable for reference in references}) < len(references):
        raise ValueError(f"{task.name}: a variable has one source")
    return task._replace(values=references)
