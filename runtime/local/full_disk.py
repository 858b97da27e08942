"""Whether there is room for the record of a run."""

from __future__ import annotations

import errno
import os
from pathlib import Path

ENOUGH_ROOM = 64 * 1024  # bytes; with less of them, a disk is full


def refuse_full_disk(folder: Path) -> None:
    """OSError if there is no room: then it is no fault of a task that it has failed."""
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize < ENOUGH_ROOM:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
