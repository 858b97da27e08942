"""How texts are written in a shell script, so that bash takes them for what they are."""

import shlex
from collections.abc import Iterable

_END = "END"


def words(values: Iterable[str]) -> str:
    """The words of a command, each in quotes if it needs any."""
    return " ".join(shlex.quote(value) for value in values)


def fed(command: str, text: str, end: str = _END) -> str:
    """A command with lines that it reads, as they are: none of them is the one that ends them."""
    lines = set(text.split("\n"))
    while end in lines:
        end += "_"
    body = text.removesuffix("\n")
    return f"{command} <<'{end}'\n{body}\n{end}\n"
