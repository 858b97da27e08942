"""How texts are written in a shell script, so that bash takes them for what they are."""

import shlex
from collections.abc import Iterable, Sequence

_END = "END"
_WIDTH = 110


def line(words: Iterable[str]) -> str:
    """The words of a command, each in quotes if it needs any."""
    return " ".join(shlex.quote(word) for word in words)


def path(text: str) -> str:
    """A path, of which bash takes `~/` alone for something else."""
    if text.startswith("~/"):
        return f'"$HOME"/{line([text[2:]])}'
    return line([text])


def command(words: Sequence[str]) -> str:
    """A command; of a long one all lines but the first stand deeper."""
    lines = [""]
    for word in words:
        quoted = shlex.quote(word)
        if lines[-1] and len(lines[-1]) + len(quoted) > _WIDTH:
            lines.append("")
        lines[-1] += f" {quoted}" if lines[-1] else quoted
    return " \\\n  ".join(lines) + "\n"


def fed(reader: str, text: str, end: str = _END) -> str:
    """A command with the lines that it reads, as they are: none of them is the one that ends them."""
    lines = set(text.split("\n"))
    while end in lines:
        end += "_"
    body = text.removesuffix("\n")
    return f"{reader} <<'{end}'\n{body}\n{end}\n"
