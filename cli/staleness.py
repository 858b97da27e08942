"""Comparing the artifacts with what is there, and showing the difference: short, and as nothing but text."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, takewhile
from pathlib import Path
from zlib import crc32

from automl.cli.links import is_link, place_of
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.generated import is_generated
from automl.compiler.patterns import regex
from automl.compiler.records import NamedTuple
from automl.compiler.source import Source, Span
from automl.compiler.views.printable import printable

_MORE_READ = 2**20  # of what is there, beyond the size that it should have
_COMPARED = 2000  # lines of either side that are compared with each other, which takes the square of them
_SHOWN = 1000  # lines of a diff
_CONTEXT = 3
_LONGEST_LINE = 160
_LINE = re.compile(b"[^\n]*\n|[^\n]+")
_COMMAND = regex("^( *):(?=:)|#(?=#[a-z]*\\[)")  # how a line begins that a CI system obeys
_NO_LAST_BREAK = "\\ No newline at end of file"


class Difference(NamedTuple):
    """A file that is not what it would be now: a unified diff, and where it starts."""

    diff: str
    diagnostic: Diagnostic


class _Sides(NamedTuple):
    """The lines there and the lines wanted, and how many of them are the same at the start and at the end."""

    old: Sequence[bytes]
    new: Sequence[bytes]
    before: int
    after: int


def check_files(files: Mapping[Path, str]) -> list[Difference]:
    """What is missing or differs in any byte. Raises OSError."""
    return [difference for path, text in files.items() if (difference := _compare(path, text.encode()))]


def _compare(path: Path, wanted: bytes) -> Difference | None:
    there, unread = _read(place_of(path), len(wanted) + _MORE_READ)
    if there == wanted:
        return None
    if is_link(path) and not is_generated(there or b""):
        there, unread = None, 0  # it may lead to anything in the checkout, so it is not shown
    sides = _sides(_LINE.findall(there or b""), _LINE.findall(wanted))
    name = printable(str(path))
    lines = [f"--- {name}", f"+++ {name} (compiled now)", *_limited(sides)]
    if unread:
        lines.append(f"\\ {unread:,} more bytes are there")
    what = "is not there" if there is None else "is not what its config compiles to"
    help = "compile again without --check, and commit the result"
    diagnostic = Diagnostic(Code.STALE_OUTPUT, f'"{path}" {what}', _place(path, sides), help=help)
    return Difference("".join(f"{line}\n" for line in lines), diagnostic)


def _read(path: Path, limit: int) -> tuple[bytes | None, int]:
    """The first bytes of the file, None if there is none, and how many follow."""
    if not path.is_file():
        return None, 0
    with path.open("rb") as file:
        content = file.read(limit)
        return content, max(0, os.fstat(file.fileno()).st_size - len(content))


def _sides(old: Sequence[bytes], new: Sequence[bytes]) -> _Sides:
    before = _equal(zip(old, new, strict=False))
    rest = min(len(old), len(new)) - before
    return _Sides(old, new, before, _equal(islice(zip(reversed(old), reversed(new), strict=False), rest)))


def _equal(pairs: Iterator[tuple[bytes, bytes]]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _place(path: Path, sides: _Sides) -> Span:
    """The first line that differs. Of the text, only this line is needed."""
    line, number = (*sides.old, b"")[sides.before], sides.before + 1
    text = _text(line)
    return Span(Source(str(path), "\n" * sides.before + text), number, 1, number, len(text) + 1)


def _limited(sides: _Sides) -> Iterator[str]:
    """The lines of the diff, from the first difference on, and how much more there is."""
    old, new, before, after = sides
    start = max(0, before - _CONTEXT)
    ends = [len(lines) - after for lines in (old, new)]
    is_whole = max(ends) - before <= _COMPARED
    parts = [
        lines[start : min(end, before + _COMPARED) + (_CONTEXT if is_whole else 0)]
        for lines, end in zip((old, new), ends, strict=True)
    ]
    diff = _unified(parts[0], parts[1], start)
    yield from islice(diff, _SHOWN)
    if not is_whole or next(diff, None):
        there, wanted = (Counter(lines[before:end]) for lines, end in zip((old, new), ends, strict=True))
        yield (
            f"\\ not all is shown: {(there - wanted).total():,} lines have gone, "
            f"{(wanted - there).total():,} have come"
        )


def _unified(old: Sequence[bytes], new: Sequence[bytes], start: int) -> Iterator[str]:
    """A unified diff of two parts that begin after `start` lines, without the names of the files."""
    from difflib import SequenceMatcher

    for group in SequenceMatcher(None, old, new).get_grouped_opcodes(_CONTEXT):
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2], start)} +{_range(first[3], last[4], start)} @@"
        for kind, old_start, old_end, new_start, new_end in group:
            if kind == "equal":
                yield from _signed(" ", old[old_start:old_end])
            else:
                yield from _signed("-", old[old_start:old_end])
                yield from _signed("+", new[new_start:new_end])


def _range(start: int, end: int, offset: int) -> str:
    """Lines as diff counts them: from 1; of none, the line before."""
    return f"{start + offset + (end > start)},{end - start}"


def _signed(sign: str, lines: Sequence[bytes]) -> Iterator[str]:
    for line in lines:
        yield sign + _COMMAND.sub(_escaped, _text(line))
        if not line.endswith(b"\n"):
            yield _NO_LAST_BREAK


def _escaped(command: re.Match[str]) -> str:
    return f"{command[1] or ''}\\x{ord(command[0][-1]):x}"


def _text(line: bytes) -> str:
    """A line as text that no terminal takes for anything else; what is no UTF-8 is escaped, what is long is cut."""
    text = line.removesuffix(b"\n").decode("utf-8", "backslashreplace")
    if len(text) <= _LONGEST_LINE:
        return printable(text)
    return f"{printable(text[:_LONGEST_LINE])} … ({len(text):,} characters, CRC {crc32(line):08x})"
