"""References in the manner of other tools, which are text here."""

import re
from collections.abc import Iterator

from automl.compiler.config.config import Config
from automl.compiler.config.step import StepConfig
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.patterns import regex
from automl.compiler.source import Located

_OF_OTHERS = regex(
    r"(?<!\$)\{\{=?\s*(?P<root>inputs|tasks|steps|params|workflow)\.(?P<names>[\w.-]+)[^{}]{0,100}\}\}"
    r"|\$\{?(?P<param>params\.[\w-]+)\}?"
)


def check_texts(config: Config) -> Iterator[Diagnostic]:
    """What Argo, dvc and others would put a value into, and the program gets as it is."""
    for step in config.steps:
        for text in _texts(step):
            if ("{{" in text.value or "$" in text.value) and (match := _OF_OTHERS.search(text.value)):
                message = f'"{match[0]}" is text here, and reaches the program as it is'
                yield Diagnostic(Code.TEXT_OF_OTHERS, message, text.span, _help(match))


def _texts(step: StepConfig) -> Iterator[Located[str]]:
    yield from (*(step.entrypoint or ()), *(step.command or ()), *step.args)
    yield from (pair.value for pair in (*step.envs, *step.inputs))


def _help(match: re.Match[str]) -> str:
    if match["param"]:
        return f"a parameter is written as `${{{{ {match['param']} }}}}`"
    root, names = match["root"], match["names"].split(".")
    if root in ("tasks", "steps") and len(names) > 1:
        return f"an output of a step is written as `${{{{ steps.{names[0]}.outputs.{names[-1]} }}}}`"
    if root == "inputs":
        return "the program reads $AUTOML_INPUT_NAME; an output of a step is written as `${{ steps.x.outputs.y }}`"
    if root == "workflow" and names[0] in ("name", "uid"):
        return f"what tells runs apart is written as `${{{{ run.{'id' if names[0] == 'uid' else 'name'} }}}}`"
    return f"a parameter is written as `${{{{ params.{names[-1]} }}}}`"
