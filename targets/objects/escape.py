"""User text in a pod: what Kubernetes would expand is escaped, what an engine would expand goes elsewhere."""

import json
import re
from collections.abc import Callable, Mapping

from automl.compiler.ir import Reference, Text, Workflow
from automl.compiler.patterns import regex
from automl.compiler.records import NamedTuple
from automl.targets.writers.yaml import Value

# A dollar that Kubernetes expands, or whose next character it breaks: it takes a byte for a character
# (Kubernetes, third_party/forked/golang/expansion/expand.go).
EXPANDED = regex(r"[$](?=[$(]|[^\x00-\x7f])")
DOUBLE_BRACE = regex(r"\{(?=\{)")
# Argo writes a container into JSON as Go writes strings, and some of Go's escapes are none of JSON's: of what is
# not printable to Go beyond U+FFFF (of which the emoji of old are known not to be), and of U+007F.
NOT_IN_JSON = regex("[\x7f\U00010000-\U0001f2ff\U0001f650-\U0001f67f\U0001f6c6-\U0010ffff]")
VARIABLE_PREFIX = "AUTOML_TEXT_"


def has_template_tag(text: str) -> bool:
    """Whether Argo, which runs Kubeflow's pipelines too, would take a part of the text for a template tag; it knows no escape."""
    return "{{" in text


def escaped(text: str) -> str:
    """Text for `command`, `args` or the value of a variable: Kubernetes expands `$(NAME)` and `$$` there."""
    return EXPANDED.sub("$$", text)


def expanding(text: Text, stand_in: Callable[[str], str | None]) -> str:
    """The same for a text with references: `$(NAME)` stands for each, and for each part that has a stand-in."""
    written = ""
    for part in text.parts:
        name = part.variable if isinstance(part, Reference) else stand_in(part)
        if name is not None:
            written += f"$$({name})" if written.endswith("$") else f"$({name})"
        elif isinstance(part, str):
            written += escaped(part)
    return written


def scripted(text: Text, stand_in: Callable[[str], str | None]) -> str:
    """A text as the start script reads it: `@(NAME)` for a reference and for a part with a stand-in, `@@` for `@`."""
    written = ""
    for part in text.parts:
        name = part.variable if isinstance(part, Reference) else stand_in(part)
        written += f"@({name})" if name is not None else str(part).replace("@", "@@")
    return written


def in_json(value: Value, indent: int | None = 2) -> str:
    """A value as JSON to read, in which nothing looks like a tag, a placeholder or a variable to anyone."""
    separators = (",", ":") if indent is None else None
    text = json.dumps(value, indent=indent, separators=separators, ensure_ascii=False).replace("$", r"\u0024")
    return NOT_IN_JSON.sub(_in_utf_16, DOUBLE_BRACE.sub(r"\\u007b", text))


def _in_utf_16(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1] if match[0] != "\x7f" else r"\u007f"


class Texts(NamedTuple):
    """User text that an engine would expand, kept in a ConfigMap: text to key."""

    config_map: str
    keys: Mapping[str, str]


NO_TEXTS = Texts("", {})


def collect_texts(workflow: Workflow, is_unsafe: Callable[[str], bool]) -> dict[str, str]:
    """Each unsafe part of a text of the jobs that reaches a container, and a key for it, in order."""
    keys: dict[str, str] = {}
    for job in workflow.jobs:
        known = (reference.known for reference in job.values)
        for part in (*known, *(part for text in job.texts for part in text.parts)):
            if isinstance(part, str) and is_unsafe(part):
                keys.setdefault(part, f"text-{len(keys) + 1}")
    return keys
