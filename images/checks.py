"""What keeps a step from running in an image of its project."""

import re
from collections.abc import Iterable, Iterator, Mapping
from posixpath import normpath

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Bundle, BundledFile, Git, Task, Workflow
from automl.compiler.values.images import is_default
from automl.images.image import Image, variables_of
from automl.images.listed import included_in, lines_of

_LOGIN = re.compile(r"://[^/@\s:$]*:[^/@\s$]+@")
_FROM_SECRET = (
    "take the address from a secret, for instance `secrets: [{name: index, keys: {url: PIP_INDEX_URL}}]`"
)
_OF_GIT = re.compile(r"(^|[\s@=])git\+[a-z]+:")


def check(workflow: Workflow, images: Iterable[Image]) -> list[Diagnostic]:
    """All that is wrong, by the places in the config."""
    if isinstance(workflow.code, Git):
        message = "the files are in a repository of git, and an image is built of those beside the config"
        help = "say `code: {bundle: true}` for it, for instance in a context"
        return [Diagnostic(Code.CANNOT_SAY, message, workflow.code.span, help)]
    if not isinstance(workflow.code, Bundle):
        return []
    files = {file.path: file for file in workflow.code.files}
    diagnostics = [diagnostic for image in images for diagnostic in _check_listed(image, files)]
    return diagnostics + [
        diagnostic for image in images for task in image.tasks for diagnostic in _check_task(task)
    ]


def _check_listed(image: Image, files: Mapping[str, BundledFile]) -> Iterator[Diagnostic]:
    """The files that say what is installed: what they need has to be there, and nothing secret be in them."""
    path, place = image.recipe.dependencies, image.tasks[0].place("dependency_path")
    if path is None:
        return
    names = [normpath(path)]
    for name in names:  # it grows on the way
        for number, line in lines_of(files[name]):
            included = included_in(line, name)
            names += [other for other in included if other in files and other not in names]
            for code, message, help in (*_wrong_in(line, image.recipe.base), *_missing(included, files)):
                yield Diagnostic(code, f'line {number} of "{name}" {message}', place, help)


def _missing(included: Iterable[str], files: Mapping[str, BundledFile]) -> Iterator[tuple[Code, str, str]]:
    for name in included:
        if name.startswith(("../", "/")):
            help = "an image is built of what is in the project's folder"
            yield Code.OUTSIDE_PROJECT, f'includes "{name}", which is outside the project', help
        elif name not in files:
            help = "`automl files` says which are, and why others are not"
            yield Code.FILE_NOT_FOUND, f'includes "{name}", which is not among the project\'s files', help


def _wrong_in(line: str, base: str) -> Iterator[tuple[Code, str, str]]:
    if _LOGIN.search(line):
        message = "has an address with a password, which the image would show to all"
        yield Code.URL_CREDENTIALS, message, _FROM_SECRET
    if is_default(base) and _OF_GIT.search(line):
        help = "give an `image` that has git, or the address of an archive"
        yield Code.DEPENDENCY_FILE, "takes a package from git, which the image of Python does not have", help


def _check_task(task: Task) -> Iterator[Diagnostic]:
    """What a step has of its project's folder alone, and not of an image."""
    assert task.project
    if task.project.params_file:
        message = f'"{task.titles.step}" gets its parameters as a file, and a step whose code is in its image cannot'
        help = "leave `params_file` out, and read the variables AUTOML_PARAM_…"
        yield Diagnostic(Code.CANNOT_SAY, message, task.place("params_file.path"), help)
    for output in task.outputs:
        if output.path is not None:
            message = f'"{output.name}" is left in the project\'s folder, and a step whose code is in its image cannot'
            help = f"leave `path` out, and write to the path in ${output.variable}"
            yield Diagnostic(Code.CANNOT_SAY, message, task.place(f"outputs[{output.name}].path"), help)
    if task.project.notebook and task.values:
        message = f'the notebook of "{task.titles.step}" gets no parameters once its code is in an image'
        help = 'give them by `args`: `[-p, rate, "${{ params.rate }}"]`'
        yield Diagnostic(Code.HINT_LOST, message, task.place("path_to_executable"), help)
    for variable in variables_of(task):
        if _LOGIN.search(variable.value.with_values(lambda reference: reference.known or "")):
            message = f"{variable.name} has a password, which the image would show to all"
            yield Diagnostic(Code.URL_CREDENTIALS, message, variable.value.span, _FROM_SECRET)
