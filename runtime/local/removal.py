"""Removes folders that steps have written, whatever they have made of their permissions."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it."""
    shutil.rmtree(folder, onerror=_with_permission)


def _with_permission(remove: Callable[..., Any], path: str, error: Any) -> None:
    """Try again where a step has left a folder that nothing may be taken out of."""
    if not issubclass(error[0], PermissionError):
        raise error[1]
    for place in (Path(path).parent, Path(path)):
        if not place.is_symlink() and place.is_dir():
            place.chmod(stat.S_IRWXU)
    if Path(path).is_dir() and not Path(path).is_symlink():
        shutil.rmtree(path)
    else:
        remove(path)
