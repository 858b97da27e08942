"""Patterns in the manner of .gitignore, as git reads them: its dir.c and wildmatch.c say what they mean.

Git compares bytes, and so does this. No pattern is tried twice at the same place: after a star the first place that
fits is taken, which is as good as any later one, so the time is a product of two lengths and no power.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import takewhile

LONGEST = 4096  # of a line, in bytes: no path is longer, so a longer line is taken for nothing
MAX_GLOBS = 1000  # lines with wildcards that have to be tried one after the other
_STAR, _ALL, _SLASH = b"*", b"**", b"/"
_TO_THE_END = b"(?![^/])"  # of a component
_SPECIAL = re.compile(rb"[*?[\\]")
_ESCAPED = tuple(re.escape(bytes([byte])) for byte in range(256))
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


class TooManyGlobsError(ValueError):
    """So many patterns that nobody would wait for them."""


class Pattern:
    """One line of a file of patterns. `source` is what to call that file."""

    def __init__(self, source: str, number: int, line: bytes) -> None:
        self.source, self.number, self.line = source, number, line
        self.negated = line.startswith(b"!")
        glob = line.removeprefix(b"!")
        self.folders_only = glob.endswith(b"/")
        glob = glob.removesuffix(b"/")
        self.by_name = b"/" not in glob
        self.prefix, glob = (b"", glob) if self.by_name else _cut(glob.removeprefix(b"/"))
        self.tokens = _tokens(glob, self.by_name)

    def __str__(self) -> str:
        return self.line.decode("utf-8", "surrogateescape")

    @property
    def is_void(self) -> bool:
        """Whether no path can match it."""
        if not self.tokens:
            return True
        return not self.by_name and not all(part and _literal(part) not in _DOTS for part in self._parts)

    def matches(self, path: bytes, name: bytes) -> bool:
        """Whether it matches a path with this last part."""
        text = name if self.by_name else path
        return text.startswith(self.prefix) and self._regex.fullmatch(text[len(self.prefix) :]) is not None

    @cached_property
    def _regex(self) -> re.Pattern[bytes]:
        return re.compile(_component(self.tokens) if self.by_name else _path(self._parts), re.DOTALL)

    @property
    def _parts(self) -> list[list[bytes]]:
        return _split(self.tokens, _SLASH)


_DOTS = (b".", b"..")


class Patterns:
    """Patterns of one file. The last one that matches a path decides; what is said of its folders does not count."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        valid = [pattern for pattern in patterns if not pattern.is_void]
        self._folders = _Index(valid)
        self._files = _Index([pattern for pattern in valid if not pattern.folders_only])

    def decide(self, path: bytes, is_folder: bool) -> Pattern | None:
        """The pattern that decides about a path, relative to the folder of the file and without a slash at its end."""
        return (self._folders if is_folder else self._files).last(path)


class _Index:
    """Patterns by what they match, so that a thousand names cost as much as one."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._patterns = patterns
        self._texts: dict[bytes, int] = {}  # names, and paths behind a slash
        self._ends: dict[bytes, int] = {}
        self._globs: list[int] = []
        for number, pattern in enumerate(patterns):
            if (text := _literal(pattern.tokens)) is not None:
                self._texts[text if pattern.by_name else b"/" + text] = number
            elif pattern.by_name and (end := _end(pattern.tokens)) is not None:
                self._ends[end] = number
            else:
                self._globs.append(number)
        if len(self._globs) > MAX_GLOBS:
            raise TooManyGlobsError(f"it has more than {MAX_GLOBS} patterns with wildcards")
        self._globs.reverse()
        self._lengths = sorted({len(end) for end in self._ends})

    def last(self, path: bytes) -> Pattern | None:
        name = path[path.rfind(b"/") + 1 :]
        best = max(self._texts.get(name, -1), self._texts.get(b"/" + path, -1))
        for length in takewhile(len(name).__ge__, self._lengths):
            best = max(best, self._ends.get(name[len(name) - length :], -1))
        for number in takewhile(best.__lt__, self._globs):
            pattern = self._patterns[number]
            if pattern.matches(path, name):
                return pattern
        return self._patterns[best] if best >= 0 else None


def read_patterns(source: str, data: bytes) -> Iterator[Pattern]:
    """The patterns of a file, line by line."""
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if len(line) <= LONGEST and not line.startswith(b"#"):
            yield Pattern(source, number, _stripped(line.removesuffix(b"\r").partition(b"\0")[0]))


def given_pattern(source: str, number: int, text: str) -> Pattern:
    """A pattern that is no line of a file."""
    line = text.encode("utf-8", "surrogateescape")
    is_nothing = len(line) > LONGEST or line.startswith(b"#")
    return Pattern(source, number, b"" if is_nothing else _stripped(line))


def _stripped(line: bytes) -> bytes:
    """Without the blanks at its end; one behind a backslash stays."""
    bare = line.rstrip(b" ")
    backslashes = len(bare) - len(bare.rstrip(b"\\"))
    return bare + b" " if backslashes % 2 and bare != line else bare


def _cut(glob: bytes) -> tuple[bytes, bytes]:
    """`a/b` and `**/c` of `a/b**/c`: git compares the text before the first wildcard by itself, and so takes these
    stars for those at the start of a pattern."""
    first = _SPECIAL.search(glob)
    is_cut = first is not None and glob.startswith(b"**", first.start())
    return (glob[: first.start()], glob[first.start() :]) if first and is_cut else (b"", glob)


def _tokens(glob: bytes, by_name: bool) -> list[bytes]:
    """Each a regular expression of one byte, or a star, two, or a slash. Empty if the glob matches nothing."""
    if not _SPECIAL.search(glob):
        return [_ESCAPED[byte] for byte in glob]
    try:
        return list(_scan(glob, by_name))
    except (
        LookupError,
        ValueError,
    ):  # it ends within a class or behind a backslash, or has a class of nothing
        return []


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
            yield _ESCAPED[glob[place]]
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


def _literal(tokens: Sequence[bytes]) -> bytes | None:
    """The text, if it is one."""
    if all(len(token) == 1 or token[:1] == b"\\" for token in tokens) and _STAR not in tokens:
        return b"".join(token[-1:] for token in tokens)
    return None


def _end(tokens: Sequence[bytes]) -> bytes | None:
    return _literal(tokens[1:]) if tokens[0] == _STAR else None


def _split(tokens: Sequence[bytes], separator: bytes) -> list[list[bytes]]:
    parts: list[list[bytes]] = [[]]
    for token in tokens:
        if token == separator:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _component(tokens: Sequence[bytes]) -> bytes:
    """A name. Each text between two stars is taken where it comes first."""
    first, *others = (b"".join(part) for part in _split(tokens, _STAR))
    if not others:
        return first
    middle = b"".join(b"(?>[^/]*?%b)" % text for text in others[:-1])
    return b"(?>%b%b[^/]*%b%b)" % (first, middle, others[-1], _TO_THE_END)


def _path(parts: Sequence[Sequence[bytes]]) -> bytes:
    """Names with slashes between them. Each sequence of them between two `**` is taken where it comes first."""
    runs: list[list[bytes]] = [[]]
    for part in parts:
        if part == [_ALL]:
            runs.append([])
        else:
            runs[-1].append(_component(part))
    first, *others = (b"/".join(run) for run in runs)
    if not others:
        return first
    start = first + b"/" if first else b""
    middle = b"".join(b"(?>.*?(?<![^/])%b/)" % run for run in others[:-1] if run)
    return b"%b%b.*(?<![^/])%b" % (start, middle, others[-1]) if others[-1] else b"%b%b.*" % (start, middle)
