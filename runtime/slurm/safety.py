"""Sees that what a task has left is on the disk before anybody hears of it: another node may read it the next moment."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from automl.runtime.local.place import Place


def keep(place: Place) -> None:
    """See that the outputs of a task outlive even a crash of its node."""
    if place.message.exists():
        _sync(place.message)
    for root, folders, files in os.walk(place.outputs):
        for name in (*files, *folders, "."):
            _sync(Path(root, name))
    _sync(place.folder)


def _sync(path: Path) -> None:
    with suppress(OSError):  # it is nothing that lies on a disk, or the disk does not do so
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            return
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)
