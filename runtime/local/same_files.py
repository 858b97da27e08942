"""Whether files and folders hold the same, and how one gets another name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

_PIECE = 1 << 20


def hold_the_same(one: Path, other: Path, goes_on: Callable[[], bool]) -> bool:
    """Whether who reads these finds no difference, but for times; it is not if there is no time to look. OSError if one is not there."""
    if one.is_dir() or other.is_dir():
        if not (one.is_dir() and other.is_dir()):
            return False
        names = sorted(path.name for path in one.iterdir())
        return names == sorted(path.name for path in other.iterdir()) and all(
            hold_the_same(one / name, other / name, goes_on) for name in names
        )
    first, second = one.stat(), other.stat()
    if os.path.samestat(first, second):
        return True
    if (first.st_size, first.st_mode) != (second.st_size, second.st_mode):
        return False
    return _same_bytes(one, other, goes_on)


def _same_bytes(one: Path, other: Path, goes_on: Callable[[], bool]) -> bool:
    with one.open("rb") as first, other.open("rb") as second:
        while goes_on():
            piece = first.read(_PIECE)
            if piece != second.read(_PIECE):
                return False
            if not piece:
                return True
    return False


def link_all(source: Path, target: Path) -> None:
    """Have a folder twice; its files are on the disk once, where that can be. OSError if not all of it is there."""
    if target.exists():
        shutil.rmtree(target)
    if source.exists():
        shutil.copytree(source, target, copy_function=_link)


def _link(source: str, target: str) -> None:
    try:
        os.link(os.path.realpath(source), target)  # what a link leads to, which may be deleted with the rest
    except OSError:
        shutil.copy2(source, target)
