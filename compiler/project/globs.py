"""One pattern of .gitignore as a regular expression that takes no long way: git's wildmatch.c says what it means.

Nothing is tried twice at the same place: after a star the first place that fits is taken, which is as good as any
later one, so the time is a product of two lengths and no power.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import takewhile

from automl.compiler.patterns import regex

_STAR, _ALL, _SLASH = b"*", b"**", b"/"
_TO_THE_END = b"(?![^/])"  # of a component
_SPECIAL = regex(rb"[*?[\\]")
_CLASSES = {
    b"alnum": b"0-9A-Za-z",
    b"alpha": b"A-Za-z",
    b"blank": b" \t",
    b"cntrl": b"\0-\x1f\x7f",
    b"digit": b"0-9",
    b"graph": b"!-~",
    b"lower": b"a-z",
    b"print": b" -~",
    b"punct": b"!-/:-@\\[-`{-~",
    b"space": b"\t\n\r ",
    b"upper": b"A-Z",
    b"xdigit": b"0-9A-Fa-f",
}


def cut(glob: bytes) -> tuple[bytes, bytes]:
    """`a/b` and `**/c` of `a/b**/c`: git compares the text before the first wildcard by itself, and so takes these
    stars for those at the start of a pattern."""
    first = _SPECIAL.search(glob)
    is_cut = first is not None and glob.startswith(b"**", first.start())
    return (glob[: first.start()], glob[first.start() :]) if first and is_cut else (b"", glob)


def is_plain(glob: bytes) -> bool:
    """Whether it is the text that it matches."""
    return _SPECIAL.search(glob) is None


def tokens_of(glob: bytes, by_name: bool) -> list[bytes]:
    """Each a regular expression of one byte, or a star, two, or a slash. Empty if the glob matches nothing."""
    if is_plain(glob):
        return list(map(_escaped, glob))
    try:
        return list(_scan(glob, by_name))
    except (
        LookupError,
        ValueError,
    ):  # it ends within a class or behind a backslash, or has a class of nothing
        return []


@cache
def _escaped(byte: int) -> bytes:
    return re.escape(bytes([byte]))


def _scan(glob: bytes, by_name: bool) -> Iterator[bytes]:
    place = 0
    while place < len(glob):
        byte = glob[place : place + 1]
        if byte == b"*":
            after = len(glob) - len(glob[place:].lstrip(b"*"))
            yield from _stars(glob, place, after, by_name)
            place = after
        elif byte == b"[":
            members, place = _class(glob, place + 1)
            yield b"[%b]" % b"".join(b"\\x%02x" % member for member in sorted(members))
        elif byte == b"?":
            yield b"[^/]"
            place += 1
        else:
            place += byte == b"\\"
            yield _escaped(glob[place])
            place += 1


def _stars(glob: bytes, start: int, end: int, by_name: bool) -> Iterator[bytes]:
    """Two or more of them between slashes are any number of folders; elsewhere they are one."""
    ends_there = end == len(glob) or glob.startswith((b"/", b"\\/"), end)
    if by_name or end - start < 2 or not ends_there or (start and glob[start - 1 : start] != b"/"):
        yield _STAR
        return
    yield _ALL
    if glob.startswith(b"\\/", end):  # git wants one folder at least before a slash that is written like this
        yield from (_SLASH, _STAR)


def _class(glob: bytes, place: int) -> tuple[set[int], int]:
    """What the class that starts before `place` matches, and the place behind it. Raises LookupError, ValueError."""
    negated = glob[place] in b"!^"
    start = place = place + negated
    members: set[int] = set()
    before = 0
    while place == start or glob[place] != ord("]"):
        byte = glob[place]
        if byte == ord("-") and before and glob[place + 1] != ord("]"):
            place += 1 + (glob[place + 1] == ord("\\"))
            members |= set(range(before, glob[place] + 1))
            before = 0
        elif byte == ord("[") and (named := _named(glob, place)):
            members |= named[0]
            place, before = named[1], 0
        else:
            place += byte == ord("\\")
            before = glob[place]
            members.add(before)
        place += 1
    members = (set(range(256)) - members if negated else members) - {ord("/")}
    if not members:
        raise KeyError
    return members, place + 1


def _named(glob: bytes, place: int) -> tuple[set[int], int] | None:
    """What `[:digit:]` at this place matches, and where it ends. Raises LookupError, ValueError."""
    if glob[place + 1] != ord(":"):
        return None
    end = glob.index(b"]", place + 2)
    if end == place + 2 or glob[end - 1] != ord(":"):
        return None
    is_member = re.compile(b"[%b]" % _CLASSES[glob[place + 2 : end - 1]]).match
    return {byte for byte in range(128) if is_member(bytes([byte]))}, end


def literal(tokens: Sequence[bytes]) -> bytes | None:
    """The text, if it is one."""
    text = start_of(tokens)
    return text if len(text) == len(tokens) else None


def start_of(tokens: Iterable[bytes]) -> bytes:
    """The text before the first wildcard."""
    return b"".join(token[-1:] for token in takewhile(_is_text, tokens))


def end_of(tokens: Sequence[bytes]) -> bytes:
    """The text behind the last wildcard."""
    return start_of(reversed(tokens))[::-1]


def _is_text(token: bytes) -> bool:
    return token != _STAR and (len(token) == 1 or token.startswith(b"\\"))


def ending(tokens: Sequence[bytes]) -> bytes | None:
    """The text at the end, if all before it is one star."""
    return literal(tokens[1:]) if tokens[0] == _STAR else None


def ending_of_any_folder(tokens: Sequence[bytes]) -> bytes | None:
    """A slash and the text behind it, if all before it is any number of folders."""
    return literal(tokens[1:]) if tokens[:2] == [_ALL, _SLASH] else None


def components(tokens: Sequence[bytes]) -> list[list[bytes]]:
    """The tokens of each name of a path."""
    return _split(tokens, _SLASH)


def _split(tokens: Sequence[bytes], separator: bytes) -> list[list[bytes]]:
    parts: list[list[bytes]] = [[]]
    for token in tokens:
        if token == separator:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def name_regex(tokens: Sequence[bytes]) -> bytes:
    """A name. Each text between two stars is taken where it comes first."""
    first, *others = (b"".join(part) for part in _split(tokens, _STAR))
    if not others:
        return first
    middle = b"".join(b"(?>[^/]*?%b)" % text for text in others[:-1])
    return b"(?>%b%b[^/]*%b%b)" % (first, middle, others[-1], _TO_THE_END)


def path_regex(parts: Sequence[Sequence[bytes]]) -> bytes:
    """Names with slashes between them. Each sequence of them between two `**` is taken where it comes first."""
    runs: list[list[bytes]] = [[]]
    for part in parts:
        if part == [_ALL]:
            runs.append([])
        else:
            runs[-1].append(name_regex(part))
    first, *others = (b"/".join(run) for run in runs)
    if not others:
        return first
    start = first + b"/" if first else b""
    middle = b"".join(b"(?>.*?(?<![^/])%b/)" % run for run in others[:-1] if run)
    return b"%b%b.*(?<![^/])%b" % (start, middle, others[-1]) if others[-1] else b"%b%b.*" % (start, middle)
