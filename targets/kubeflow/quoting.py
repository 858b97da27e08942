"""User text in a container that Kubeflow starts, where several look for something of theirs in it.

Its launcher and Argo below it look for `{{`. Kubernetes expands `$(NAME)` and `$$` once in the pod of a step and
once more on the way there, for Kubeflow hands a container on as an argument of its driver, which is a pod too
(kubeflow/pipelines 2.15.0, backend/src/v2/compiler/argocompiler/container.go:
`"--container", inputValue(paramContainer)`). A later version may do without that pod. So nothing is escaped here,
which would be right for one number of passes only; what would be expanded is written in another way.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from automl.compiler.ir import Text
from automl.targets.objects.escape import DOUBLE_BRACE, EXPANDED, NOT_IN_JSON, has_template_tag

_BROKEN = re.compile(r"[$][^\x00-\x7f]")
_STRUCTURE = re.compile(r'\s*\{.*"(Concat|IfPresent)"', re.DOTALL)
_NO_VARIABLE = """sh -c 'exec "$0" "$@"'"""  # behind it `env` takes no word for a variable
SECRET_PREFIX = "AUTOML_SECRET_"


def is_unsafe(text: str) -> bool:
    """Whether something on the way would read the text as its own: a tag, a placeholder or a variable."""
    return is_misread(text) or EXPANDED.search(text) is not None or _STRUCTURE.match(text) is not None


def is_misread(text: str) -> bool:
    """Whether Argo, which runs pipelines, would read the text as something else, wherever it stands."""
    return has_template_tag(text) or NOT_IN_JSON.search(text) is not None


def is_broken(text: str) -> bool:
    """Whether the expansion of Kubernetes would leave something that is no text."""
    return _BROKEN.search(text) is not None


class Words(NamedTuple):
    """What a container runs, ours as text and the user's with its place."""

    command: Sequence[Text | str]
    arguments: Sequence[Text | str]


class Protected(NamedTuple):
    """Words and variables that arrive as they were written. `secrets` says which variable stands in for another."""

    command: list[str]
    arguments: list[str]
    variables: list[tuple[str, str]]
    secrets: Mapping[str, str]


def protected(words: Words, variables: Sequence[tuple[str, str]], secrets: Sequence[str] = ()) -> Protected:
    """The same words and variables, and the variables that come from secrets, for a container of Kubeflow.

    What is unsafe goes into a line of shell, where quotes inside it keep apart what must not stand together. The
    line hands on all variables: a shell drops those whose names it does not know, and changes some that it knows.
    """
    every = [*words.command, *words.arguments]
    if not any(map(_is_unsafe, every)) and not any(is_unsafe(value) for _, value in variables):
        return Protected(_plain(words.command), _plain(words.arguments), list(variables), {})
    stand_ins = {name: f"{SECRET_PREFIX}{number}" for number, name in enumerate(secrets, 1)}
    pairs = [_quoted(f"{name}={value}") for name, value in variables]
    pairs += [f'"{name}=${stand_in}"' for name, stand_in in stand_ins.items()]
    safe = [word for word in every if not _is_unsafe(word)]
    numbers = iter(range(len(safe)))
    parts = [_quoted(_text(word)) if _is_unsafe(word) else f'"${{{next(numbers)}}}"' for word in every]
    if every and "=" in _text(every[0]):
        parts.insert(0, _NO_VARIABLE)
    starts = " \\\n  ".join(["exec env --", *pairs, ""]) if pairs else "exec "
    return Protected(["sh", "-c", starts + " ".join(parts)], _plain(safe), [], stand_ins)


def _is_unsafe(word: Text | str) -> bool:
    return isinstance(word, Text) and is_unsafe(unfilled(word))


def _plain(words: Sequence[Text | str]) -> list[str]:
    return [_text(word) for word in words]


def _text(word: Text | str) -> str:
    return unfilled(word) if isinstance(word, Text) else word


def unfilled(text: Text) -> str:
    """The text; with a reference in it, which Kubeflow is not told to fill yet, the task is an error."""
    return text.with_values(lambda reference: f"$({reference.variable})")


def _quoted(text: str) -> str:
    apart = EXPANDED.sub("$''", DOUBLE_BRACE.sub("{''", text.replace("'", r"'\''")))
    return NOT_IN_JSON.sub(_in_octal, f"'{apart}'")


def _in_octal(match: re.Match[str]) -> str:
    """A character within quotes of the shell, by the bytes of its UTF-8."""
    octal = "".join(f"\\{byte:03o}" for byte in match[0].encode())
    return f"""'"$(printf '{octal}')"'"""
