"""The one YAML writer, for all targets, and the same documents as JSON.

Six YAML libraries were measured against the parser inside kubectl, and each wrote strings that it reads
as something else (`y`, `1e3`, `0o14`, `08`, U+0085). So this one writes plain only what no reader takes for
anything but text, quotes the rest, never folds a line, and reads again what it wrote.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any, TypeAlias, TypeGuard

import yaml

from automl.targets.writers.scalars import (
    block,
    comment,
    fits_block,
    inline_scalar,
    inline_text,
    is_sure,
    without_unseen,
)

Value: TypeAlias = "str | int | float | bool | Mapping[str, Value] | Sequence[Value] | None"

FULL_CHECK_LIMIT = 64 * 1024
"""Up to this many characters the whole text is read again; beyond it, every distinct string that does not stand as it is."""

_DOCUMENTS = 100  # in a piece of text; what was met in one is forgotten in the next: it takes more memory than the text

_LONGEST_KEY = 1000  # YAML allows 1024 characters up to the colon

_MAPPINGS = (dict, Mapping)  # the common case first: the test for an abstract class is slow
_SCALARS = (bool, int, float, type(None))
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
    return "".join(yaml_pieces(documents, header))


def yaml_pieces(documents: Sequence[Mapping[str, Value]], header: str = "") -> list[str]:
    """Return the same text in pieces: who writes it to a file needs a large one nowhere as a whole."""
    writer = _Writer()
    pieces = [comment(header)]
    for start in range(0, len(documents), _DOCUMENTS):
        texts = map(writer.document, documents[start : start + _DOCUMENTS])
        pieces.append(("---\n" if start else "") + "---\n".join(texts))
        writer.met.clear()
    if sum(map(len, pieces)) <= FULL_CHECK_LIMIT:
        _check("".join(pieces), documents)
    else:
        keys, strings = writer.keys.unsure, writer.strings.unsure
        sample: Mapping[str, Value] = {"keys": dict.fromkeys(keys), "strings": strings}
        _check(comment(header) + writer.document(sample), [sample])
    return pieces


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
    """How each distinct key is written, and the `unsure`, which are to be read again."""

    def __init__(self) -> None:
        self.unsure: list[str] = []

    def __missing__(self, key: str) -> str:
        if not isinstance(key, str):
            raise TypeError(f"a key must be text, not {type(key).__name__}")
        written = inline_text(key)
        if len(written) > _LONGEST_KEY:
            raise ValueError(f"the key {written[:40]}... is longer than {_LONGEST_KEY} characters")
        if not is_sure(key, written):
            self.unsure.append(key)
        self[key] = f"{written}:"
        return self[key]


class _Strings(dict[str, str]):
    """How each distinct string is written on its line, empty for one that needs a literal block, and the `unsure`."""

    def __init__(self) -> None:
        self.unsure: list[str] = []

    def __missing__(self, text: str) -> str:
        written = "" if fits_block(text) else inline_text(text)
        if not is_sure(text, written):
            self.unsure.append(text)
        self[text] = f" {written}\n" if written else ""
        return self[text]


class _Writer:
    """Makes the text of collections.

    The indentation of the first line is left to who asks for it, so that the lines of an object met again at the same
    indentation can be copied wherever it stands.
    """

    def __init__(self) -> None:
        self.keys = _Keys()
        self.strings = _Strings()
        # By indentation and identity: what was met, kept alive so that its identity stays its own; met again, with its lines.
        self.met: dict[str, dict[int, Any]] = defaultdict(dict)

    def document(self, document: Mapping[str, Value]) -> str:
        if not isinstance(document, Mapping):
            raise TypeError(f"a document must be a mapping, not {type(document).__name__}")
        return self.mapping(document, "") if document else "{}\n"

    def collection(self, value: Any, pad: str, write: Callable[[Any, str], str]) -> str:
        met, identity = self.met[pad], id(value)
        known = met.get(identity)
        if known is None:
            met[identity] = value
            return write(value, pad)
        if known is value:
            known = met[identity] = value, write(value, pad)
        text: str = known[1]
        return text

    def mapping(self, mapping: Mapping[str, Value], pad: str) -> str:
        keys, strings, inner = self.keys, self.strings, pad + "  "
        lines = []
        for key, value in mapping.items():
            if type(value) is str:
                lines.append(f"{keys[key]}{strings[value] or block(value, pad)}")
            elif type(value) is dict and value:
                lines.append(f"{keys[key]}\n{inner}{self.collection(value, inner, self.mapping)}")
            elif type(value) is list and value:
                lines.append(f"{keys[key]}\n{pad}{self.collection(value, pad, self.sequence)}")
            elif type(value) in _SCALARS:
                lines.append(f"{keys[key]} {inline_scalar(value)}\n")
            elif isinstance(value, Mapping) and value:
                lines.append(f"{keys[key]}\n{inner}{self.mapping(value, inner)}")
            elif _is_list(value) and value:
                lines.append(f"{keys[key]}\n{pad}{self.sequence(value, pad)}")
            else:
                lines.append(keys[key] + self.scalar_or_empty(value, pad))
        return pad.join(lines)

    def sequence(self, sequence: Sequence[Value], pad: str) -> str:
        strings, inner = self.strings, pad + "  "
        lines = []
        for value in sequence:
            if type(value) is str:
                lines.append(f"-{strings[value] or block(value, pad)}")
            elif type(value) is dict and value:
                lines.append(f"- {self.collection(value, inner, self.mapping)}")
            elif isinstance(value, Mapping) and value:
                lines.append(f"- {self.mapping(value, inner)}")
            elif _is_list(value) and value:
                lines.append(f"- {self.sequence(value, inner)}")
            else:
                lines.append("-" + self.scalar_or_empty(value, pad))
        return pad.join(lines)

    def scalar_or_empty(self, value: Value, pad: str) -> str:
        if isinstance(value, str):  # of a subclass, such as an enumeration
            text = str.__str__(value)
            return self.strings[text] or block(text, pad)
        if isinstance(value, Mapping):
            return " {}\n"
        return " []\n" if _is_list(value) else f" {inline_scalar(value)}\n"


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
