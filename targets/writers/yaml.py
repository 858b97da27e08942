"""The one YAML writer, for all targets, and the same documents as JSON.

Six YAML libraries were measured against the parser inside kubectl, and each wrote strings that it reads
as something else (`y`, `1e3`, `0o14`, `08`, U+0085). So this one writes plain only what no reader takes for
anything but text, quotes the rest, never folds a line, and reads again what it wrote.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TypeAlias, TypeGuard

import yaml

Value: TypeAlias = "str | int | float | bool | Mapping[str, Value] | Sequence[Value] | None"

FULL_CHECK_LIMIT = 64 * 1024
"""Up to this many characters the whole text is read again; beyond it, every distinct string of it."""

_LARGEST_INT = 2**53  # a reader that goes by way of a double rounds what is beyond
_LONGEST_KEY = 1000  # YAML allows 1024 characters up to the colon

# What may stand without quotes, and the words among it that some reader takes for something else.
_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_/]*(?:[.:=@+-]+[A-Za-z0-9_/]+)*")
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf", "infinity"}

_TO_ESCAPE = re.compile(r'["\\\x00-\x1f\x7f]')
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_NO_LITERAL_BLOCK = re.compile(r"\A[ \n]|^\t|[ \t]$|\n\n\Z|[\x00-\x08\x0b-\x1f\x7f]", re.MULTILINE)
_START_OF_FILLED_LINE = re.compile(r"\n(?!\n)")
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}

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
    text = _comment(header) + "".join(writer.parts)
    if len(text) <= FULL_CHECK_LIMIT:
        _check(text, documents)
    else:
        sample: Mapping[str, Value] = {"keys": dict.fromkeys(writer.keys), "strings": [*writer.strings]}
        _check(_comment(header) + writer.text_of(sample), [sample])
    return text


def write_json(documents: Sequence[Mapping[str, Value]]) -> str:
    """Return one document as JSON, several as a Kubernetes `List`; kubectl's YAML reader takes it too.

    Raises ValueError and TypeError as `write_yaml` does.
    """
    import json

    items = [_json_ready(document) for document in documents]
    whole = items[0] if len(items) == 1 else {"apiVersion": "v1", "kind": "List", "items": items}
    text = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return _unseen().sub(_escape_in_json, text.replace("\x7f", "\\u007f"))


class _Keys(dict[str, str]):
    """How each distinct key is written."""

    def __missing__(self, key: str) -> str:
        if not isinstance(key, str):
            raise TypeError(f"a key must be text, not {type(key).__name__}")
        written = _inline_text(key)
        if len(written) > _LONGEST_KEY:
            raise ValueError(f"the key {written[:40]}... is longer than {_LONGEST_KEY} characters")
        self[key] = written + ":"
        return self[key]


class _Strings(dict[str, str]):
    """How each distinct string is written on its line; empty for one that needs a literal block."""

    def __missing__(self, text: str) -> str:
        self[text] = "" if _fits_block(text) else f" {_inline_text(text)}\n"
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
                parts.append(f"{lead}{keys[key]}{strings[value] or _block(value, pad)}")
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
                parts.append(f"{lead}{strings[value] or _block(value, pad)}")
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
            self.parts.append(self.strings[text] or _block(text, pad))
        elif isinstance(value, Mapping):
            self.parts.append(" {}\n")
        elif _is_list(value):
            self.parts.append(" []\n")
        else:
            self.parts.append(f" {_inline_scalar(value)}\n")


def _is_list(value: object) -> TypeGuard[Sequence[Value]]:
    return isinstance(value, _LISTS) and not isinstance(value, _TEXTS)


def _inline_text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return f'"{_escaped(_TO_ESCAPE, text)}"'


def _inline_scalar(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return _inline_int(value)
        case float():
            return _inline_float(value)
    raise TypeError(f"{type(value).__name__} is not a value that YAML can hold")


def _inline_int(number: int) -> str:
    if abs(number) > _LARGEST_INT:
        raise ValueError(f"{number} is beyond 2^53, where readers round; write it as text")
    return int.__repr__(number)


def _inline_float(number: float) -> str:
    """Return the number without an exponent: readers differ on `1e-05`, which YAML 1.1 takes for text."""
    if not abs(number) <= _LARGEST_INT:
        raise ValueError(f"{number} is not a number that every reader keeps; write it as text")
    mantissa, _, exponent = float.__repr__(number).partition("e-")
    if not exponent:
        return mantissa
    sign = "-" if number < 0 else ""
    return f"{sign}0.{'0' * (int(exponent) - 1)}{mantissa.lstrip('-').replace('.', '')}"


def _fits_block(text: str) -> bool:
    """Tell whether a literal block holds the text so that neither a reader nor an editor changes it."""
    if "\n" not in text or _NO_LITERAL_BLOCK.search(text):
        return False
    return text.isascii() or not _unseen().search(text)


def _block(text: str, pad: str) -> str:
    """Return the text as a literal block that stands deeper than `pad`; lines that are empty stay empty."""
    lines = _START_OF_FILLED_LINE.sub(f"\n{pad}  ", text.removesuffix("\n"))
    sign = "|" if text.endswith("\n") else "|-"
    return f" {sign}\n{pad}  {lines}\n"


@cache  # made when a text beyond ASCII is met: it takes a millisecond
def _unseen() -> re.Pattern[str]:
    """Match what a reader beyond ASCII refuses, takes for a line break, or what nobody sees.

    These are the C1 controls, soft hyphen, zero-width and bidirectional marks, line and paragraph separators,
    byte order mark, tags, non-characters, and halves of surrogate pairs.
    """
    ranges = (
        r"\x80-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
        r"\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff"
    )
    ends_of_planes = (rf"\U{plane:04x}fffe\U{plane:04x}ffff" for plane in range(1, 17))
    return re.compile(f"[{ranges}{''.join(ends_of_planes)}]")


def _escaped(special: re.Pattern[str], text: str) -> str:
    """Return the text with what `special` matches, and what is unseen, as the escapes of a quoted scalar."""
    escaped = special.sub(_escape, text)
    return escaped if text.isascii() else _unseen().sub(_escape, escaped)


def _escape(match: re.Match[str]) -> str:
    code = _code_point(match[0])
    if code < 0x100:
        return _SHORT_ESCAPES.get(match[0]) or f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _escape_in_json(match: re.Match[str]) -> str:
    """Escape as JSON does, but nothing as a surrogate pair: kubectl's YAML parser refuses those."""
    code = _code_point(match[0])
    return f"\\u{code:04x}" if code < 0x10000 else match[0]


def _code_point(char: str) -> int:
    if "\ud800" <= char <= "\udfff":
        raise ValueError(f"U+{ord(char):04X} is half of a surrogate pair, which no file in UTF-8 can hold")
    return ord(char)


def _comment(header: str) -> str:
    """Return the header as comment lines; what a reader may take for the end of a line is escaped."""
    lines = _escaped(_CONTROL, header).split("\n") if header else []
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)


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
    _inline_scalar(value)
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
        pairs = zip([*read, "the end"], [*meant, "the end"], strict=False)
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
        tokens.append((kind.__name__ if kind else "null", _inline_scalar(value)))


def _token(event: yaml.Event) -> _Token | None:
    if isinstance(event, yaml.NodeEvent) and (event.anchor or getattr(event, "tag", None)):
        return "tag, anchor or alias"
    if isinstance(event, yaml.ScalarEvent):
        if event.style:  # pure PyYAML says None for a plain scalar, libyaml the empty text
            return "str", event.value
        return _resolve(yaml.ScalarNode, event.value, (True, False)).rpartition(":")[2], event.value
    return _TOKENS[type(event)]
