"""Notebooks of the project: papermill can read them, and Python's kernel can run them."""

import json
from collections.abc import Iterator
from keyword import iskeyword
from pathlib import Path
from typing import Any

from automl.compiler.config.code_source import uses_bundle, uses_project
from automl.compiler.config.config import Config
from automl.compiler.config.notebooks import names_kernel, runs_notebook
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.project.paths import under
from automl.compiler.source import Located

_FORMATS = (3, 4)  # what papermill reads: nbformat turns 3 into 4
_LARGEST = 16 * 1024 * 1024  # more fits into no manifest, and that is said elsewhere
_SAVE_AGAIN = "open it in Jupyter and save it again; a merge may have left its marks in it"


def check_notebooks(config: Config, folder: Path) -> Iterator[Diagnostic]:
    """The notebooks that go into the bundle; those in git or in an image cannot be read here."""
    if not uses_bundle(config):
        return
    for step in config.steps:
        if step.path and runs_notebook(step) and uses_project(step, config.code):
            yield from _check_notebook(folder, step.path, names_kernel(step))


def check_parameters(config: Config) -> Iterator[Diagnostic]:
    """Parameters that a notebook cannot have: papermill makes variables of Python of them."""
    steps = [step for step in config.steps if runs_notebook(step) and uses_project(step, config.code)]
    names = {param.span: param.name for param in config.params} if steps else {}
    names |= {span: name for step in steps if step.sweep for name, span in step.sweep.axes}
    for span, name in names.items():
        if not name.isidentifier() or iskeyword(name):
            better = name.replace("-", "_") + ("_" if iskeyword(name) else "")
            message = f'"{name}" cannot be a variable of a notebook, which gets every parameter'
            yield Diagnostic(Code.VARIABLE_NAME, message, span, help=f'did you mean "{better}"?')


def _check_notebook(folder: Path, path: Located[str], has_kernel: bool) -> Iterator[Diagnostic]:
    file = under(folder, path.value)
    if not _can_be_read(file):
        return
    try:
        notebook = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        message = f'"{path.value}" is not a notebook: {_reason(error)}'
        yield Diagnostic(Code.NOTEBOOK, message, path.span, help=_SAVE_AGAIN)
        return
    if not isinstance(notebook, dict) or notebook.get("nbformat") not in _FORMATS:
        message = f'"{path.value}" is not a notebook of format 4, "nbformat": 4'
        yield Diagnostic(Code.NOTEBOOK, message, path.span, help=_SAVE_AGAIN)
    elif not has_kernel and not _is_python(language := _language(notebook)):
        message = f'the notebook "{path.value}" is written in {language}, and Python\'s kernel would run it'
        help = "give an `image` that has its kernel, and name that: `args: [--kernel, ir]`"
        yield Diagnostic(Code.NOTEBOOK, message, path.span, help=help)


def _can_be_read(file: Path) -> bool:
    """Whether it is there, and not too large; what is wrong with its name is said elsewhere."""
    try:
        return file.is_file() and file.stat().st_size <= _LARGEST
    except OSError:
        return False


def _is_python(language: str) -> bool:
    """Whether Python's kernel runs it, as far as its words tell; some tools have others for it."""
    return language in ("", "ipython", "pyspark") or language.startswith("python")


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno} is not JSON"
    return "it is not JSON in UTF-8"


def _language(notebook: dict[str, Any]) -> str:
    """The language in lower case; empty if the notebook does not say."""
    for key, name in (("kernelspec", "language"), ("language_info", "name")):
        try:
            language = notebook["metadata"][key][name]
        except (KeyError, TypeError):
            continue
        if isinstance(language, str) and language:
            return language.lower()
    return ""
