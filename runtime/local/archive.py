"""What a run has left, packed for who takes it to another place."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Union

from automl.runtime.local.shelf import VerbError
from automl.runtime.local.watching import status

_PIECE = 1 << 20
Content = Union[Path, bytes]


def outputs_of(folder: Path, wanted: str | None) -> dict[str, Content]:
    """Files and texts by the paths that they get: all of them below the names of their tasks, or one that is wanted.

    It is called by its name or, where several tasks have one of that name, as TASK.OUTPUT.
    """
    tasks = status(folder)["tasks"]
    there = {(task["name"], name): content for task in tasks for name, content in _outputs(task)}
    if wanted is None:
        if not there:
            raise VerbError(f"{folder.name} has left nothing")
        return {f"{task}/{name}": content for (task, name), content in there.items()}
    fitting = {name: content for (task, name), content in there.items() if wanted in (name, f"{task}.{name}")}
    owners = [task for task, name in there if wanted in (name, f"{task}.{name}")]
    if len(owners) > 1:
        raise VerbError(
            f'several steps have left "{wanted}": {", ".join(f"{task}.{wanted}" for task in owners)}'
        )
    if not fitting:
        known = ", ".join(f"{task}.{name}" for task, name in there) or "nothing"
        raise VerbError(f'{folder.name} has not left "{wanted}"; it has left {known}')
    return fitting


def _outputs(task: Mapping[str, Any]) -> Iterator[tuple[str, Content]]:
    for name, path in task["files"].items():
        yield name, Path(path).resolve()
    for name, text in task["values"].items():
        yield name, text.encode(errors="surrogateescape")


def packed(contents: Mapping[str, Content]) -> Iterator[bytes]:
    """A tar, in pieces. What links lead to is packed instead of them, but for folders, of which there may be no end."""
    for name, content in contents.items():
        yield from _member(name, content)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _member(name: str, content: Content) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield from _file(tarfile.TarInfo(name), io.BytesIO(content), len(content))
        return
    info = tarfile.TarInfo(name)
    mode = content.stat() if content.exists() else content.lstat()
    info.mode, info.mtime = mode.st_mode & 0o777, int(mode.st_mtime)
    if content.is_dir() and not content.is_symlink():
        info.type, info.mode = tarfile.DIRTYPE, info.mode | 0o700
        yield info.tobuf(tarfile.PAX_FORMAT)
        for path in sorted(content.iterdir()):
            yield from _member(f"{name}/{path.name}", path)
    elif content.is_file():
        with content.open("rb") as file:
            yield from _file(info, file, mode.st_size)
    elif content.is_symlink():
        info.type, info.linkname = tarfile.SYMTYPE, str(content.readlink())
        yield info.tobuf(tarfile.PAX_FORMAT)


def _file(info: tarfile.TarInfo, file: Any, size: int) -> Iterator[bytes]:
    info.size = size
    yield info.tobuf(tarfile.PAX_FORMAT)
    left = size
    while left:
        piece = file.read(min(_PIECE, left)) or bytes(min(_PIECE, left))  # it has become shorter
        left -= len(piece)
        yield piece
    yield bytes(-size % tarfile.BLOCKSIZE)
