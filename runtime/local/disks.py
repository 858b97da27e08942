"""The folders of this machine that stand for disks and secrets, and where tasks find them.

A disk is a folder of the user, which stays: `$XDG_DATA_HOME/automl/disks/NAME`; or one of the run. A container finds one
at whatever path, a process only where that path leads there.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from automl.runtime.local import credentials
from automl.runtime.local.containers import Folder
from automl.runtime.local.place import Place
from automl.runtime.local.plan import Mount, Plan, Task


def folder() -> Path:
    """Where the disks are."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home, "automl", "disks")


def problems(plan: Plan) -> Iterator[str]:
    """What is not where it should be, a sentence each."""
    claims = {mount.disk for task in plan.tasks for mount in task.mounts if mount.disk and not mount.is_made}
    missing = [name for name in sorted(claims) if not (folder() / name).is_dir()]
    for name in missing:
        yield (
            f"the claim {name!r} is missing, which is a folder here: `mkdir -p {shlex.quote(str(folder() / name))}`, "
            "or make that a link to one"
        )
    for task in plan.tasks:
        for mount in task.mounts if task.image is None else ():
            if mount.disk not in missing and not _is_there(mount):
                yield (
                    f"{task.name}: a process finds at {mount.path} what the machine has there, and that is not "
                    f"{folder() / mount.disk}: make one a link to the other, or give the step an image"
                )


def _is_there(mount: Mount) -> bool:
    with suppress(OSError):
        return Path(mount.path).samefile(folder() / mount.disk)
    return False


def folders(task: Task, place: Place) -> Iterator[Folder]:
    """What the container of a task finds at which path."""
    for number, mount in enumerate(task.mounts):
        yield Folder(_source(mount, place, number), mount.path, mount.is_read_only)


def _source(mount: Mount, place: Place, number: int) -> Path:
    if mount.secret:
        return credentials.folder() / mount.secret
    if mount.disk:
        source = folder() / mount.disk
    elif mount.is_shared:
        source = place.run / "workspace"
    else:
        source = place.work / "empty" / str(number)
    source.mkdir(parents=True, exist_ok=True)
    return source
