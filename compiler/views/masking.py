"""Credentials in a source, so that no message shows one.

What is shown may not even be YAML, so this reads text: what has the shape of a credential, and what stands behind a name
that says so, be it a key, an option or an assignment. It hides rather too much.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from automl.compiler.patterns import regex
from automl.compiler.source import Span
from automl.compiler.values.credentials import (
    KEYS_OF_NAMES,
    WITH_SECRETS,
    is_named_like_one,
    may_be_one,
    spans_of,
)

MASK = "****"
Range = tuple[int, int]

_LONGEST_LINE = 10_000  # of a longer one the part around the place is looked at
_LINES_AROUND, _LONGEST_AROUND = 60, 500  # a private key has 50
_PART_OF_A_NAME = regex("pass|pw|secret|token|key|credential|authorization|str", re.IGNORECASE)
_KEY = regex(
    r"(?<![\w.$])([\"']?)([A-Za-z_][\w.-]{0,99})\1[ \t]{0,20}([:=])[ \t]{0,200}(?:[&!][^\s,{}\[\]]{0,99}[ \t]{1,20}){0,2}"
)
_KEY_AT_THE_TOP = regex(r"^[\"']?([A-Za-z_$][\w.-]{0,99})[\"']?[ \t]{0,20}:", re.MULTILINE)
_OPTION = regex(
    r"(?<![\w-])--?([A-Za-z][\w.-]{0,99})[\"']?(?:[ \t]{1,20}|[ \t]{0,20},\s{0,200}|[ \t\r]{0,20}\n[ \t]{0,200}-[ \t]{1,20})"
)
_NAME_AND_VALUE = regex(
    r"\bname[\"']?[ \t]{0,20}:[ \t]{0,20}[\"']?([\w.-]{1,99})[\"']?[ \t]{0,20}[,\r\n]\s{0,99}[\"']?value[\"']?[ \t]{0,20}:[ \t]{0,200}"
)  # as in Kubernetes
_QUOTED = regex(r"\"(?:[^\"\\]|\\.)*+\"|'(?:[^']|'')*+'", re.DOTALL)
_PLAIN_NAME = regex(r"\"[\w.-]+\Z")
_WORD = regex(r"\S+")
_SCHEME = regex(r"[\w+.-]{1,40}\Z")
_ENDS = "\"',]}"  # of what a word stands in
_NOT_IN_FLOW = regex(r"[^,{}\[\]]*+")
_LOOKS_LIKE_KEY = regex(r"[ \t]*(?:-[ \t]+)?(?!value\b)[\"']?[A-Za-z_$][\w.-]*[\"']?[ \t]*:(?:\s|\Z)")
_NAME_OF_ANOTHER = regex(r"[\"']?[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+[\"']?\Z")
_ESCAPE = regex(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPE_SIGN = regex(r"\\\S")
_ALIAS = regex(r"\*([^\s,{}\[\]]+)")


def masked_ranges(text: str) -> list[Range]:
    """What of a text is not to be shown, as starts and ends, in order; none of them meet."""
    merged: list[Range] = []
    bare = _ESCAPE_SIGN.sub("  ", text)  # `\\nghp_…`: what stands behind an escape begins there
    again = _by_shape(bare) if bare != text else ()
    for start, end in sorted((*_by_shape(text), *again, *_by_name(text))):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        elif start < end:
            merged.append((start, end))
    return merged


def _by_shape(text: str) -> Iterator[Range]:
    hidden = 0  # up to the end of a private key, and what else begins in it
    for start, end in spans_of(text):
        if text.startswith("-----BEGIN", start):
            if start < hidden:
                continue
            last = text.find("-----END", end)
            hidden = end = len(text) if last < 0 else last
        elif scheme := _SCHEME.search(text, max(0, start - 40), start):
            start = scheme.start()
        yield start, end


def _by_name(text: str) -> Iterator[Range]:
    if not _PART_OF_A_NAME.search(text):
        return
    done = 0  # what stands within a value is hidden with it
    for match in _KEY.finditer(text):
        if match.start() >= done and is_named_like_one(match[2]) and not _is_of_a_name(text, match):
            is_key = match[3] == ":"
            for start, end in (
                _value(text, match.end(), match.start()) if is_key else _word(text, match.end())
            ):
                done = max(done, end) if start == match.end() else done
                yield start, end
    for match in _NAME_AND_VALUE.finditer(text):
        if is_named_like_one(match[1]):
            yield from _value(text, match.end(), match.start())
    for match in _OPTION.finditer(text):
        if is_named_like_one(match[1]) and text[match.end() : match.end() + 2] != "--":
            yield from _word(text, match.end())


def _is_of_a_name(text: str, match: re.Match[str]) -> bool:
    """Whether the key of a match holds the name of a Secret: by what it is called, or by what it stands in."""
    if match[2] != "secret":
        return match[2] in KEYS_OF_NAMES
    around = [key[1] for key in _KEY_AT_THE_TOP.finditer(text, 0, match.start())]
    return not WITH_SECRETS.isdisjoint(around[-1:])


def _word(text: str, start: int) -> Iterator[Range]:
    match = _QUOTED.match(text, start) or _WORD.match(text, start)
    if match and may_be_one(match[0].strip(_ENDS)):
        yield match.span()


def _value(text: str, start: int, key: int) -> Iterator[Range]:
    """The value that begins at `start`, of a key that begins at `key`."""
    end = _end_of_value(text, start, key)
    if alias := _ALIAS.match(text, start):
        anchor = text.find(f"&{alias[1]}")
        if anchor >= 0:
            begin = anchor + len(alias[0]) + 1
            yield begin, _end_of_block(text, begin, text.rfind("\n", 0, anchor) + 1)
    value = text[start:end].strip()
    if may_be_one(value.strip("\"'")) and not _NAME_OF_ANOTHER.match(value) and "step_name" not in value:
        yield start, start + len(text[start:end].rstrip())


def _end_of_value(text: str, start: int, key: int) -> int:
    first = text[start : start + 1]
    if quoted := _QUOTED.match(text, start):
        return quoted.end()
    if first in ("{", "["):
        return _end_of_brackets(text, start) or _end_of_block(text, start, key)
    if first not in ("|", ">") and text[max(0, key - _LONGEST_AROUND) : key].rstrip()[-1:] in ("{", "[", ","):
        match = _NOT_IN_FLOW.match(text, start)
        assert match is not None, "it matches nothing too"
        return match.end()
    if first in ("", "\r", "\n") and _LOOKS_LIKE_KEY.match(text, text.find("\n", start) + 1):
        return start
    return _end_of_block(text, start, key)


def _end_of_brackets(text: str, start: int) -> int | None:
    depth = 0
    for match in re.finditer(r"[{\[]|[}\]]", text[start : start + _LONGEST_LINE]):
        depth += 1 if match[0] in "{[" else -1
        if depth == 0:
            return start + match.end()
    return None


def _end_of_block(text: str, start: int, key: int) -> int:
    """The end of the line, and of the lines behind it that belong to it: they are empty or begin right of the key."""
    column = key - (text.rfind("\n", 0, key) + 1)
    end = _end_of_line(text, start)
    while end < len(text):
        after = _end_of_line(text, end + 1)
        line = text[end + 1 : after]
        if line.strip() and len(line) - len(line.lstrip(" ")) <= column and line[column : column + 2] != "- ":
            break
        end = after
    return end


def _end_of_line(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


@lru_cache(maxsize=256)
def masked_columns(span: Span) -> list[Range]:
    """What of the line where a span begins is not to be shown: columns from 0."""
    lines, number = span.source.lines, span.line - 1
    line = span.source.line(span.line)
    if len(line) > _LONGEST_LINE:
        offset = max(0, span.column - _LONGEST_LINE // 2)
        ranges = masked_ranges(line[offset : offset + _LONGEST_LINE])
        return [(start + offset, end + offset) for start, end in ranges]
    first = max(0, number - _LINES_AROUND)
    before = [line[:_LONGEST_AROUND] for line in lines[first:number]]
    after = [line[:_LONGEST_AROUND] for line in lines[number + 1 : number + _LINES_AROUND]]
    start_of_line = sum(len(line) + 1 for line in before)
    ranges = masked_ranges("\n".join([*before, line, *after]))
    inside = ((max(0, start - start_of_line), min(len(line), end - start_of_line)) for start, end in ranges)
    return [(start, end) for start, end in inside if start < end]


def masked_message(text: str, span: Span, ranges: list[Range]) -> str:
    """A message or help about a span, without what is masked on its line, or has the shape of a credential."""
    if any(start <= span.column - 1 < end for start, end in ranges):
        text = _without_quoted(text)
    line = span.source.line(span.line)
    for masked in (*(line[start:end] for start, end in ranges), *_masked_below(span)):
        for value in _readings(masked.strip()):
            text = text.replace(value, MASK) if len(value) > 2 else text
    for start, end in sorted(_by_shape(text), reverse=True):
        text = text[:start] + MASK + text[end:]
    return text


@lru_cache(maxsize=256)
def _masked_below(span: Span) -> list[str]:
    """What is not to be shown of the other lines of a span, a text of many lines."""
    lines = span.source.lines[span.line : min(span.end_line, span.line + _LINES_AROUND)]
    text = "\n".join(line[:_LONGEST_AROUND] for line in lines)
    return [text[start:end] for start, end in masked_ranges(text)] if lines else []


def _without_quoted(text: str) -> str:
    """Without what stands between quotes, but for the name of the key that it is about."""
    name, must_be, rest = text.partition('" must be ')
    head, text = (name + must_be, rest) if must_be and _PLAIN_NAME.match(name) else ("", text)
    first, last = text.find('"'), text.rfind('"')
    return f'{head}{text[:first]}"{MASK}"{text[last + 1 :]}' if last > first else head + text


def _readings(raw: str) -> Iterator[str]:
    """A value as it is written, and as it may be read."""
    yield raw
    yield (raw := raw.strip(_ENDS))
    if "\\" in raw:
        yield _ESCAPE.sub(_unescaped, raw)
    if "''" in raw:
        yield raw.replace("''", "'")


def _unescaped(match: re.Match[str]) -> str:
    digits = match[1] or match[2]
    return chr(int(digits, 16)) if digits else {"n": "\n", "t": "\t"}.get(match[3], match[3])
