"""Patterns in the manner of .gitignore, as git reads them: its dir.c says what they mean. Git compares bytes, so this
does, too."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from automl.compiler.project.globs import (
    components,
    cut,
    end_of,
    ending,
    ending_of_any_folder,
    is_plain,
    literal,
    name_regex,
    path_regex,
    start_of,
    tokens_of,
)

LONGEST = 4096  # of a line, in bytes: no path is longer, so a longer line is taken for nothing
MAX_GLOBS = 1000  # lines with wildcards that have to be tried one after the other
MAX_LINES = 200_000  # of a file: each is kept
_DOTS = frozenset((b".", b".."))
_MAYBE_NOTHING = (b"*", b"**", b"/")


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
        self.prefix, glob = (b"", glob) if self.by_name else cut(glob.removeprefix(b"/"))
        self._glob, self._is_plain = glob, is_plain(glob)
        self.text = (
            glob if self._is_plain else literal(self.tokens)
        )  # all that it matches, if that is one text

    def __str__(self) -> str:
        return self.line.decode("utf-8", "surrogateescape")

    @property
    def is_void(self) -> bool:
        """Whether no path can match it."""
        if self._is_plain:
            names = [self._glob] if self.by_name else self._glob.split(b"/")
            return not all(names) or not (self.by_name or _DOTS.isdisjoint(names))
        if not self.tokens:
            return True
        return not self.by_name and not all(part and literal(part) not in _DOTS for part in self._parts)

    @cached_property
    def tokens(self) -> list[bytes]:
        """What it is made of, for patterns that are no plain text."""
        return tokens_of(self._glob, self.by_name)

    @property
    def end(self) -> bytes | None:
        """What a path behind a slash ends with if it matches, and only then: `*.py` is such a pattern, or `**/a/b`."""
        if self.by_name:
            return ending(self.tokens)
        return None if self.prefix else ending_of_any_folder(self.tokens)

    def matches(self, path: bytes, name: bytes) -> bool:
        """Whether it matches a path with this last part."""
        text = name if self.by_name else path
        if not text.startswith(self.prefix):
            return False
        rest = text.removeprefix(self.prefix)
        least, start, end = self._bounds
        if len(rest) < least or not (rest.startswith(start) and rest.endswith(end)):
            return False
        return self._regex.fullmatch(rest) is not None

    @cached_property
    def _bounds(self) -> tuple[int, bytes, bytes]:
        """So many bytes it matches at least, and what they start and end with: few paths need the whole expression."""
        least = sum(token not in _MAYBE_NOTHING for token in self.tokens)
        return least, start_of(self._parts[0]), end_of(self._parts[-1])

    @cached_property
    def _regex(self) -> re.Pattern[bytes]:
        return re.compile(name_regex(self.tokens) if self.by_name else path_regex(self._parts), re.DOTALL)

    @property
    def _parts(self) -> list[list[bytes]]:
        return components(self.tokens)


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
        self._ends: dict[bytes, int] = {}  # of paths behind a slash
        globs: list[tuple[int, bytes]] = []  # with the first byte of a name that may match
        for number, pattern in enumerate(patterns):
            if (text := pattern.text) is not None:
                self._texts[text if pattern.by_name else b"/" + text] = number
            elif end := pattern.end:
                self._ends[end] = number
            else:
                first = literal(pattern.tokens[:1]) if pattern.by_name else None
                globs.append((number, first or b""))
        if len(globs) > MAX_GLOBS:
            raise TooManyGlobsError(f"it has more than {MAX_GLOBS} patterns with wildcards")
        globs.reverse()
        self._wild = [number for number, first in globs if not first]
        self._globs = {
            byte: [number for number, first in globs if first in (b"", byte)] for _, byte in globs if byte
        }
        self._lengths: dict[bytes, set[int]] = {}  # of the ends with that last byte
        for end in self._ends:
            self._lengths.setdefault(end[-1:], set()).add(len(end))

    def last(self, path: bytes) -> Pattern | None:
        whole = b"/" + path
        name = path[path.rfind(b"/") + 1 :]
        best = max(self._texts.get(name, -1), self._texts.get(whole, -1)) if self._texts else -1
        for length in self._lengths.get(path[-1:], ()):
            if (number := self._ends.get(whole[-length:], -1)) > best:
                best = number
        for number in self._globs.get(name[:1], self._wild):
            if number < best:
                break
            if self._patterns[number].matches(path, name):
                return self._patterns[number]
        return self._patterns[best] if best >= 0 else None


def read_patterns(source: str, data: bytes) -> Iterator[Pattern]:
    """The patterns of a file, line by line. Raises TooManyGlobsError."""
    if data.count(b"\n") > MAX_LINES:
        raise TooManyGlobsError(f"it has more than {MAX_LINES:,} lines")
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
