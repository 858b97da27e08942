"""User text in a container that Kubeflow starts: its launcher and Argo below it both look for `{{`."""

import json
import re
from collections.abc import Sequence

from automl.compiler.ir import Text
from automl.targets.text import escaped
from automl.targets.yaml_writer import Value

_DOUBLE_BRACE = re.compile(r"\{(?=\{)")
_STRUCTURE = re.compile(r'\s*\{.*"(Concat|IfPresent)"', re.DOTALL)


def is_unsafe(text: str) -> bool:
    """Whether something on the way would read the text as its own: a template tag or a placeholder."""
    return "{{" in text or _STRUCTURE.match(text) is not None


def protected(words: Sequence[Text | str], variables: Sequence[tuple[str, Text]]) -> list[str]:
    """The words of a command, ours as text and the user's, so that they arrive as they were written.

    An unsafe word or variable goes into a line of shell, where quotes inside it keep the braces apart.
    """
    unsafe = [(name, text.value) for name, text in variables if is_unsafe(text.value)]
    if not unsafe and not any(isinstance(word, Text) and is_unsafe(word.value) for word in words):
        return [escaped(_plain(word)) for word in words]
    parts: list[str] = []
    arguments: list[str] = []
    for word in words:
        if isinstance(word, Text) and is_unsafe(word.value):
            parts.append(_quoted(word.value))
        else:
            parts.append(f'"${{{len(arguments)}}}"')
            arguments.append(_plain(word))
    lines = [f"export {name}={_quoted(value)}" for name, value in unsafe]
    lines.append(" ".join(["exec", *parts]))
    return ["sh", "-c", *(escaped(word) for word in ("\n".join(lines), *arguments))]


def in_json(value: Value) -> str:
    """A value as JSON to read, in which nothing looks like a tag, a placeholder or a variable to anyone."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return _DOUBLE_BRACE.sub(r"\\u007b", text.replace("$", r"\u0024"))


def _plain(word: Text | str) -> str:
    return word.value if isinstance(word, Text) else word


def _quoted(text: str) -> str:
    return "'" + _DOUBLE_BRACE.sub("{''", text.replace("'", r"'\''")) + "'"
