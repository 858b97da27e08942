"""The pages of the diagnostics, which travel in the package."""

import re
from importlib.resources import files

from automl.compiler.patterns import regex

_SECTION = regex(r"^### (AML\d{3})\n+(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)


class UnknownCodeError(Exception):
    """There is no such code. The text says so."""


def explanation(code: str | None = None) -> str:
    """What a code means, in Markdown; without one, the page of all. Raises UnknownCodeError."""
    page = (files("automl.docs") / "diagnostics.md").read_text(encoding="utf-8")
    if code is None:
        return page
    sections = dict(_SECTION.findall(page))
    if code.upper() not in sections:
        raise UnknownCodeError(
            f'there is no message with the code "{code}"; `automl explain` prints all of them'
        )
    return f"{code.upper()}\n\n{sections[code.upper()].rstrip()}\n"
