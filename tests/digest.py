"""A long text in short: what is repeated but for its numbers is shown twice and counted, with a hash of all the rest.

The programs of pods, which stand in `runtime/`, are named.
"""

import functools
import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

_VARIES = re.compile(r'"?\b[0-9a-f]{8}\b"?|\d+')  # hashes, which YAML wants in quotes or not, and numbers
_LONGEST_BLOCK = 200
_SHOWN = 2  # of the blocks of a repetition
_ENOUGH = 5  # blocks are a repetition
_ROOT = Path(__file__).parent.parent


def digest(text: str) -> str:
    """The lines of a text that have another shape than those before them; no other text has the same digest."""
    lines = text.splitlines(keepends=True)
    head = f"{len(lines):,} lines, {len(text.encode()):,} bytes, sha256 {_hash(text)}\n"
    return head + "".join(_in_short(list(_without_programs(lines))))


def _without_programs(lines: list[str]) -> Iterator[str]:
    """The lines, with one for each program that stands among them as it is, at whatever depth."""
    start = 0
    while start < len(lines):
        line = lines[start].lstrip(" ")
        depth, end = len(lines[start]) - len(line), start
        for path, program in _programs().get(line, {}).items():
            inside = [other.removeprefix(" " * depth) for other in lines[start : start + len(program)]]
            if inside == list(program):
                end = start + len(program)
                yield f"{' ' * depth}… the {len(program)} lines of {path}\n"
                break
        if end == start:
            end += 1
            yield lines[start]
        start = end


@functools.cache
def _programs() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """The lines of each program, by its first line and its path."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for file in sorted((_ROOT / "runtime").rglob("*.*")):
        lines = (
            file.read_text(encoding="utf-8").splitlines(keepends=True)
            if file.suffix in (".py", ".sh")
            else []
        )
        if lines:
            found.setdefault(lines[0], {})[str(file.relative_to(_ROOT))] = tuple(lines)
    return found


def _in_short(lines: list[str]) -> Iterator[str]:
    shapes = [_VARIES.sub("#", line) for line in lines]
    start = 0
    while start < len(lines):
        length, times = _repetition(shapes, start)
        shown, end = start + length * min(times, _SHOWN), start + length * times
        yield from lines[start:shown]
        if end > shown:
            hidden = "".join(lines[shown:end])
            yield f"… {times - _SHOWN:,} times more these {length} lines, sha256 {_hash(hidden)}\n"
        start = end


def _repetition(shapes: list[str], start: int) -> tuple[int, int]:
    """How long the shortest block is that is repeated from here on, and how often it stands there."""
    first, most = shapes[start], min(_LONGEST_BLOCK, (len(shapes) - start) // _ENOUGH)
    for length in range(1, most + 1):
        if shapes[start + length] == first:
            block, times = shapes[start : start + length], 1
            while shapes[start + length * times : start + length * (times + 1)] == block:
                times += 1
            if times >= _ENOUGH:
                return length, times
    return 1, 1


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
