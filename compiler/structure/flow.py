"""Small trees as YAML in one line, for what a message says to write."""

import json
import re

from automl.compiler.patterns import regex
from automl.compiler.tree.nodes import Mapping, Node, Scalar, Sequence
from automl.compiler.tree.scalars import interpret
from automl.compiler.values.credentials import KEYS_OF_NAMES, has_one, is_named_like_one
from automl.schemas import Schema

LONGEST = 120  # a longer text is not written out again
_PLAIN = regex(r"[A-Za-z_./][-\w./@:]*(?<!:)\Z", re.ASCII)


def pairs(node: Sequence) -> str | None:
    """`[{name: A, value: 1}]`, `[A=1]` and `[{A: 1}]` as keys and values."""
    words: list[str] = []
    for item in node.items:
        if isinstance(item, Scalar) and "=" in item.text:
            lines = [line.partition("=") for line in item.text.splitlines() if line.strip()]
            if not all(sign for _, sign, _ in lines):
                return None
            words += [pair(_word(key.strip()), _word(value.strip())) for key, _, value in lines]
        elif isinstance(item, Mapping) and {"name", "value"} <= item.entries.keys():
            words.append(pair(flow(item.entries["name"].value), flow(item.entries["value"].value)))
        elif isinstance(item, Mapping) and len(item.entries) == 1:
            words += [pair(_word(name), flow(entry.value)) for name, entry in item.entries.items()]
        else:
            return None
    return f"{{{', '.join(words)}}}" if words else "{}"


def pair(key: str, value: str) -> str:
    """A key and its value; what belongs to the name of a credential is not shown."""
    is_secret = is_named_like_one(key) and key not in KEYS_OF_NAMES
    return f"{key}: {'…' if is_secret else value}"


def flow(node: Node) -> str:
    """A small tree in one line; of a large one the start, which is too long to be shown."""
    if isinstance(node, Scalar):
        return node.text if not isinstance(node.value, str) else quoted_if_needed(node.text)
    if isinstance(node, Sequence):
        return f"[{', '.join(flow(item) for item in node.items[:LONGEST])}]"
    entries = list(node.entries.items())[:LONGEST]
    return f"{{{', '.join(pair(_word(name), flow(entry.value)) for name, entry in entries)}}}"


def quoted_if_needed(text: str) -> str:
    """A text as YAML; what looks like a credential is not shown."""
    if has_one(text):
        return "…"
    is_plain = _PLAIN.match(text) and interpret(text) == (text, None)
    return text if is_plain else json.dumps(text[: LONGEST + 1], ensure_ascii=False)


def _word(text: str) -> str:
    """A key, or a value whose type nobody asks for."""
    return text if text and not isinstance(interpret(text)[0], str) else quoted_if_needed(text)


def example(key: str, at: Schema) -> str:
    """What the schema has for an example, with its key if there is one."""
    examples = at.get("examples", ["0 12 * * *"])
    value = examples[-1] if key == "timeout" else examples[0]
    text = quoted_if_needed(value) if isinstance(value, str) else _example(value)
    return f"for instance `{key}: {text}`" if key else f"for instance {text}"


def _example(value: object) -> str:
    if isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
        return f"{{{', '.join(f'{key}: {quoted_if_needed(item)}' for key, item in value.items())}}}"
    return json.dumps(value, ensure_ascii=False)
