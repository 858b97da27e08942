"""User text in a container that Kubeflow starts: its launcher and Argo below it both look for `{{`."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from automl.compiler.ir import Text
from automl.targets.text import DOUBLE_BRACE, NOT_IN_JSON, escaped

_STRUCTURE = re.compile(r'\s*\{.*"(Concat|IfPresent)"', re.DOTALL)


def is_unsafe(text: str) -> bool:
    """Whether something on the way would read the text as its own: a template tag or a placeholder."""
    return is_misread(text) or _STRUCTURE.match(text) is not None


def is_misread(text: str) -> bool:
    """Whether Argo, which runs pipelines, would read the text as something else, wherever it stands."""
    return "{{" in text or NOT_IN_JSON.search(text) is not None


class Words(NamedTuple):
    """What a container runs, ours as text and the user's with its place."""

    command: Sequence[Text | str]
    arguments: Sequence[Text | str]


def protected(words: Words, variables: Sequence[tuple[str, Text]]) -> tuple[list[str], list[str]]:
    """Command and arguments, so that every word arrives as it was written.

    An unsafe word or variable goes into a line of shell, where quotes inside it keep the braces apart.
    """
    unsafe = [(name, text.value) for name, text in variables if is_unsafe(text.value)]
    every = [*words.command, *words.arguments]
    if not unsafe and not any(_is_unsafe(word) for word in every):
        return _escaped(words.command), _escaped(words.arguments)
    safe = [word for word in every if not _is_unsafe(word)]
    numbers = iter(range(len(safe)))
    parts = [_quoted(_plain(word)) if _is_unsafe(word) else f'"${{{next(numbers)}}}"' for word in every]
    lines = [f"export {name}={_quoted(value)}" for name, value in unsafe]
    lines.append(" ".join(["exec", *parts]))
    return ["sh", "-c", escaped("\n".join(lines))], _escaped(safe)


def _is_unsafe(word: Text | str) -> bool:
    return isinstance(word, Text) and is_unsafe(word.value)


def _escaped(words: Sequence[Text | str]) -> list[str]:
    return [escaped(_plain(word)) for word in words]


def _plain(word: Text | str) -> str:
    return word.value if isinstance(word, Text) else word


def _quoted(text: str) -> str:
    quoted = "'" + DOUBLE_BRACE.sub("{''", text.replace("'", r"'\''")) + "'"
    return NOT_IN_JSON.sub(_in_octal, quoted)


def _in_octal(match: re.Match[str]) -> str:
    """A character within quotes of the shell, by the bytes of its UTF-8."""
    octal = "".join(f"\\{byte:03o}" for byte in match[0].encode())
    return f"""'"$(printf '{octal}')"'"""
