"""The one YAML writer, for all targets, and the same documents as JSON.

Six YAML libraries were measured against the parser inside kubectl, and each wrote strings that it reads
as something else (`y`, `1e3`, `0o14`, `08`, U+0085). So this one writes plain only what no reader takes for
anything but text, quotes the rest, never folds a line, and reads again what it wrote.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import TypeAlias, TypeGuard

import yaml

from automl.targets.writers.scalars import (
    block,
    comment,
    fits_block,
    inline_scalar,
    inline_text,
    without_unseen,
)

Value: TypeAlias = "str | int | float | bool | Mapping[str, Value] | Sequence[Value] | None"

FULL_CHECK_LIMIT = 64 * 1024
"""Up to this many characters the whole text is read again; beyond it, every distinct string of it."""

_LONGEST_KEY = 1000  # YAML allows 1024 characters up to the colon

_MAPPINGS = (dict, Mapping)  # the common case first: the test for an abstract class is slow
_LISTS = (list, tuple, Sequence)
_TEXTS = (str, bytes, bytearray, memoryview)

_Token: TypeAlias = str | tuple[str, str]
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_resolve: Callable[..., str] = yaml.resolver.Resolver().resolve
_TOKENS: dict[type[yaml.Event], _Token | None] = {
    yaml.StreamStartEvent: None,
    yaml.StreamEndEvent: None,
    yaml.DocumentStartEvent: "---",
    yaml.DocumentEndEvent: None,
    yaml.MappingStartEvent: "{",
    yaml.MappingEndEvent: "}",
    yaml.SequenceStartEvent: "[",
    yaml.SequenceEndEvent: "]",
}


class WriterError(Exception):
    """A bug of ours: the text written does not read back as the data given."""


def write_yaml(documents: Sequence[Mapping[str, Value]], header: str = "") -> str:
    """Return the documents as one YAML stream, separated by `---`, after the lines of the header as comments.

    Keys keep their order; lines are never folded; there are no anchors. The same data gives the same text.
    Raises ValueError for what not every reader keeps (numbers beyond ±2^53 or not finite, half a surrogate
    pair, a key over 1000 characters), TypeError for what is no `Value`, and WriterError if the text does not
    read back as the documents.
    """
    writer = _Writer()
    for number, document in enumerate(documents):
        writer.document(document, first=number == 0)
    text = comment(header) + "".join(writer.parts)
    if len(text) <= FULL_CHECK_LIMIT:
        _check(text, documents)
    else:
        sample: Mapping[str, Value] = {"keys": dict.fromkeys(writer.keys), "strings": [*writer.strings]}
        _check(comment(header) + writer.text_of(sample), [sample])
    return text


def write_json(documents: Sequence[Mapping[str, Value]]) -> str:
    """Return one document as JSON, several as a Kubernetes `List`; kubectl's YAML reader takes it too.

    Raises ValueError and TypeError as `write_yaml` does.
    """
    import json

    items = [_json_ready(document) for document in documents]
    whole = items[0] if len(items) == 1 else {"apiVersion": "v1", "kind": "List", "items": items}
    text = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return without_unseen(text)


class _Keys(dict[str, str]):
    """How each distinct key is written."""

    def __missing__(self, key: str) -> str:
        if not isinstance(key, str):
            raise TypeError(f"a key must be text, not {type(key).__name__}")
        written = inline_text(key)
        if len(written) > _LONGEST_KEY:
            raise ValueError(f"the key {written[:40]}... is longer than {_LONGEST_KEY} characters")
        self[key] = written + ":"
        return self[key]


class _Strings(dict[str, str]):
    """How each distinct string is written on its line; empty for one that needs a literal block."""

    def __missing__(self, text: str) -> str:
        self[text] = "" if fits_block(text) else f" {inline_text(text)}\n"
        return self[text]


class _Writer:
    """Collects the parts of the text.

    A method that writes a collection leaves the indentation of its first line to the caller, so that the
    lines of an object met again at the same indentation can be copied wherever it stands.
    """

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.keys = _Keys()
        self.strings = _Strings()
        # By identity and indentation: the object, kept alive so that its identity stays its own; its parts.
        self.written: dict[tuple[int, str], tuple[object, int, int]] = {}

    def document(self, document: Mapping[str, Value], first: bool = True) -> None:
        if not isinstance(document, Mapping):
            raise TypeError(f"a document must be a mapping, not {type(document).__name__}")
        if not first:
            self.parts.append("---\n")
        if document:
            self.mapping(document, "")
        else:
            self.parts.append("{}\n")

    def text_of(self, document: Mapping[str, Value]) -> str:
        start = len(self.parts)
        self.document(document)
        return "".join(self.parts[start:])

    def mapping(self, mapping: Mapping[str, Value], pad: str) -> None:
        if self.copied(mapping, pad):
            return
        parts, keys, strings = self.parts, self.keys, self.strings
        start, lead = len(parts), ""
        for key, value in mapping.items():
            if type(value) is str:
                parts.append(f"{lead}{keys[key]}{strings[value] or block(value, pad)}")
            else:
                parts.append(lead + keys[key])
                self.after_key(value, pad)
            lead = pad
        self.written[id(mapping), pad] = (mapping, start, len(parts))

    def sequence(self, sequence: Sequence[Value], pad: str) -> None:
        if self.copied(sequence, pad):
            return
        parts, strings = self.parts, self.strings
        start, lead = len(parts), "-"
        for value in sequence:
            if type(value) is str:
                parts.append(f"{lead}{strings[value] or block(value, pad)}")
            else:
                parts.append(lead)
                self.after_dash(value, pad)
            lead = pad + "-"
        self.written[id(sequence), pad] = (sequence, start, len(parts))

    def copied(self, value: object, pad: str) -> bool:
        known = self.written.get((id(value), pad))
        if known:
            self.parts += self.parts[known[1] : known[2]]
        return known is not None

    def after_key(self, value: Value, pad: str) -> None:
        if isinstance(value, _MAPPINGS) and value:
            inner = pad + "  "
            self.parts.append("\n" + inner)
            self.mapping(value, inner)
        elif _is_list(value) and value:
            self.parts.append("\n" + pad)
            self.sequence(value, pad)
        else:
            self.scalar_or_empty(value, pad)

    def after_dash(self, value: Value, pad: str) -> None:
        if isinstance(value, _MAPPINGS) and value:
            self.parts.append(" ")
            self.mapping(value, pad + "  ")
        elif _is_list(value) and value:
            self.parts.append(" ")
            self.sequence(value, pad + "  ")
        else:
            self.scalar_or_empty(value, pad)

    def scalar_or_empty(self, value: Value, pad: str) -> None:
        if isinstance(value, str):  # of a subclass, such as an enumeration
            text = str.__str__(value)
            self.parts.append(self.strings[text] or block(text, pad))
        elif isinstance(value, Mapping):
            self.parts.append(" {}\n")
        elif _is_list(value):
            self.parts.append(" []\n")
        else:
            self.parts.append(f" {inline_scalar(value)}\n")


def _is_list(value: object) -> TypeGuard[Sequence[Value]]:
    return isinstance(value, _LISTS) and not isinstance(value, _TEXTS)


def _json_ready(value: Value) -> Value:
    """Return the value in dicts and lists; raises as the YAML writer does."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("a key must be text")
        return {str.__str__(key): _json_ready(item) for key, item in value.items()}
    if _is_list(value):
        return [_json_ready(item) for item in value]
    inline_scalar(value)
    return value


def _check(text: str, documents: Sequence[Mapping[str, Value]]) -> None:
    """Raise WriterError unless PyYAML reads from the text exactly the documents."""
    meant: list[_Token] = []
    for document in documents:
        meant.append("---")
        _add_tokens(document, meant)
    try:
        read = [_token(event) for event in yaml.parse(text, Loader=_LOADER)]
    except yaml.YAMLError as error:
        raise WriterError(f"what was written cannot be read: {error}") from error
    read = [token for token in read if token is not None]
    if read != meant:
        pairs = zip_longest(read, meant, fillvalue="the end")
        one, other = next((one, other) for one, other in pairs if one != other)
        raise WriterError(f"what was written reads as {one!r} where {other!r} is meant")


def _add_tokens(value: Value, tokens: list[_Token]) -> None:
    """Walk the data as a reader meets it: brackets, and scalars as (type, text)."""
    if isinstance(value, str):
        tokens.append(("str", str.__str__(value)))
    elif isinstance(value, _MAPPINGS):
        tokens.append("{")
        for key, item in value.items():
            tokens.append(("str", str.__str__(key)))
            _add_tokens(item, tokens)
        tokens.append("}")
    elif _is_list(value):
        tokens.append("[")
        for item in value:
            _add_tokens(item, tokens)
        tokens.append("]")
    else:
        kind = next((kind for kind in (bool, int, float) if isinstance(value, kind)), None)
        tokens.append((kind.__name__ if kind else "null", inline_scalar(value)))


def _token(event: yaml.Event) -> _Token | None:
    if isinstance(event, yaml.NodeEvent) and (event.anchor or getattr(event, "tag", None)):
        return "tag, anchor or alias"
    if isinstance(event, yaml.ScalarEvent):
        if event.style:  # pure PyYAML says None for a plain scalar, libyaml the empty text
            return "str", event.value
        return _resolve(yaml.ScalarNode, event.value, (True, False)).rpartition(":")[2], event.value
    return _TOKENS[type(event)]
