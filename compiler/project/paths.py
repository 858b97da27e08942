"""Paths as text, the same in every locale: a config and git write them in UTF-8."""

import os
from pathlib import Path


def text_of(path: bytes) -> str:
    """A path as the same text in every locale. `bytes_of` is the way back."""
    return path.decode("utf-8", "surrogateescape")


def bytes_of(path: str) -> bytes:
    """The bytes of a path by `text_of`."""
    return path.encode("utf-8", "surrogateescape")


def under(folder: Path, path: str) -> Path:
    """Where a path by `text_of` is in a folder."""
    return folder / os.fsdecode(bytes_of(path))
