"""User text in a container that Kubeflow starts, where several look for something of theirs in it.

Its launcher and Argo below it look for `{{`. Kubernetes expands `$(NAME)` and `$$` once in the pod of a step and
once more on the way there, for Kubeflow hands a container on as an argument of its driver, which is a pod too
(kubeflow/pipelines 2.15.0, backend/src/v2/compiler/argocompiler/container.go:
`"--container", inputValue(paramContainer)`). A later version may do without that pod. So nothing is escaped here,
which would be right for one number of passes only; what would be expanded is written in another way.
"""

import re
from collections.abc import Mapping, Sequence

from automl.compiler.patterns import regex
from automl.compiler.records import NamedTuple
from automl.targets.objects.escape import DOUBLE_BRACE, EXPANDED, NOT_IN_JSON, has_template_tag

_BROKEN = regex(r"[$][^\x00-\x7f]")
_STRUCTURE = regex(r'\s*\{.*"(Concat|IfPresent)"', re.DOTALL)
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


class Filled(NamedTuple):
    """What the launcher fills in when a task starts."""

    placeholder: str


Word = str | tuple[str | Filled, ...]
"""A word of ours, which is as it is, or one of the user's, of parts."""


class Words(NamedTuple):
    """What a container runs."""

    command: Sequence[Word]
    arguments: Sequence[Word]


class Protected(NamedTuple):
    """Words and variables that arrive as they were written. `secrets` says which variable stands in for another."""

    command: list[str]
    arguments: list[str]
    variables: list[tuple[str, str]]
    secrets: Mapping[str, str]


def protected(
    words: Words,
    variables: Sequence[tuple[str, Word]],
    secrets: Sequence[str] = (),
    files: Sequence[str] = (),
) -> Protected:
    """The same words and variables, and the variables that come from secrets, for a container of Kubeflow.

    What is unsafe goes into a line of shell, where quotes inside it keep apart what must not stand together; what the
    launcher fills in are words behind it. The line hands on all variables: a shell drops those whose names it does not
    know, and changes some that it knows. At the end it looks for the files that these variables name.
    """
    every = [*words.command, *words.arguments]
    if not any(map(_is_unsafe, (*every, *(_parts(value) for _, value in variables)))):
        plain = [(name, _text(value)) for name, value in variables]
        return Protected(_plain(words.command), _plain(words.arguments), plain, {})
    stand_ins = {name: f"{SECRET_PREFIX}{number}" for number, name in enumerate(secrets, 1)}
    line = _Line()
    pairs = [line.quoted(_joined(f"{name}=", value)) for name, value in variables]
    pairs += [f'"{name}=${stand_in}"' for name, stand_in in stand_ins.items()]
    parts = [line.quoted(_parts(word)) if _is_unsafe(word) else line.behind(_text(word)) for word in every]
    if every and ("=" in _text(every[0]) or _is_filled(every[0])):
        parts.insert(0, _NO_VARIABLE)
    start = "" if files else "exec "
    starts = " \\\n  ".join([f"{start}env --", *pairs, ""]) if pairs else start
    checks = [_looking_for(name, line.quoted(_parts(dict(variables)[name]))) for name in files]
    text = starts + " ".join(parts) + "".join(checks)
    return Protected(["sh", "-c", text], line.words, [], stand_ins)


def _looking_for(variable: str, file: str) -> str:
    """A step that has not left a file has failed; Kubeflow would go on."""
    missing = _quoted(f"automl: an output is missing: the step has left nothing at ${variable}")
    return f" || exit\n[ -e {file} ] || {{ echo {missing} >&2; exit 1; }}"


class _Line:
    """A line of shell, and the words behind it: the first is `${0}` in the line."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def behind(self, word: str) -> str:
        """What stands for a word that is behind the line."""
        self.words.append(word)
        return f'"${{{len(self.words) - 1}}}"'

    def quoted(self, parts: Sequence[str | Filled]) -> str:
        """A word in the line, of parts."""
        return "".join(self._filled(part) if isinstance(part, Filled) else _quoted(part) for part in parts)

    def _filled(self, part: Filled) -> str:
        if part.placeholder not in self.words:
            self.words.append(part.placeholder)
        return f'"${{{self.words.index(part.placeholder)}}}"'


def _joined(start: str, word: Word) -> tuple[str | Filled, ...]:
    """A word with something before it; what stands beside each other is quoted as one."""
    return (start + _text(word),) if not _is_filled(word) else (start, *_parts(word))


def _parts(word: Word) -> tuple[str | Filled, ...]:
    return (word,) if isinstance(word, str) else word


def _is_unsafe(word: Word) -> bool:
    if isinstance(word, str):
        return False
    return _is_filled(word) or is_unsafe(_text(word))


def _is_filled(word: Word) -> bool:
    return not isinstance(word, str) and any(isinstance(part, Filled) for part in word)


def _plain(words: Sequence[Word]) -> list[str]:
    return [_text(word) for word in words]


def _text(word: Word) -> str:
    if isinstance(word, str):
        return word
    return "".join(part for part in word if isinstance(part, str))


def _quoted(text: str) -> str:
    apart = EXPANDED.sub("$''", DOUBLE_BRACE.sub("{''", text.replace("'", r"'\''")))
    return NOT_IN_JSON.sub(_in_octal, f"'{apart}'")


def _in_octal(match: re.Match[str]) -> str:
    """A character within quotes of the shell, by the bytes of its UTF-8."""
    octal = "".join(f"\\{byte:03o}" for byte in match[0].encode())
    return f"""'"$(printf '{octal}')"'"""
