"""The images that the steps of a workflow need: one for each base, with what is installed in it, and for each user."""

import re
from collections.abc import Iterable, Iterator

from automl.compiler.ir import Task, Text, Variable, Workflow
from automl.compiler.records import NamedTuple
from automl.targets.objects.security import user_and_group

_OF_INSTALLERS = re.compile(r"(PIP|UV)_[A-Z0-9_]+")
"""Variables by which pip and uv are told where packages come from, and more."""


class Recipe(NamedTuple):
    """What tells an image apart from the others of a workflow. Its user is None if that is the one of the base."""

    base: str
    dependencies: str | None
    packages: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]
    secrets: tuple[str, ...]
    user: str | None


class Image(NamedTuple):
    """An image and the tasks that are to run in it, of which there is one at least."""

    recipe: Recipe
    tasks: tuple[Task, ...]

    @property
    def stage(self) -> str:
        """What its stage is called. Bases of other stages are looked for among the stages, too, so it is no usual name."""
        return f"step.{self.tasks[0].name}"


def images_of(workflow: Workflow, steps: Iterable[str] = ()) -> list[Image]:
    """The images of all tasks that run in the project's files, or of these steps, in the order of the tasks."""
    wanted = set(steps)
    tasks: dict[Recipe, list[Task]] = {}
    for task in workflow.tasks:
        if task.project and (not wanted or wanted & names_of(task)):
            tasks.setdefault(_recipe(task), []).append(task)
    return [Image(recipe, tuple(of_recipe)) for recipe, of_recipe in tasks.items()]


def names_of(task: Task) -> set[str]:
    """What a step may be called: its name as it was written, or that of its task."""
    return {task.name, task.step, task.titles.step, f"{task.titles.stage}/{task.titles.step}"}


def _recipe(task: Task) -> Recipe:
    assert task.project
    file, packages = task.project.dependencies, task.project.packages
    installs = bool(file or packages)
    return Recipe(
        task.image,
        file.literal if file else None,
        packages,
        tuple((name, _known(value)) for name, value in variables_of(task)) if installs else (),
        tuple(sorted(set(_secrets(task)))) if installs else (),
        None if task.run_as and task.run_as.image else ":".join(map(str, user_and_group(task.run_as))),
    )


def variables_of(task: Task) -> list[Variable]:
    """What the step tells its installer."""
    return [variable for variable in task.variables if _OF_INSTALLERS.fullmatch(variable.name)]


def _known(text: Text) -> str:
    return text.with_values(lambda reference: reference.known or "")


def _secrets(task: Task) -> Iterator[str]:
    """The variables that tell it more, and that no image may hold."""
    for secret in task.secrets:
        yield from (variable for _, variable in secret.keys or () if _OF_INSTALLERS.fullmatch(variable))
