"""The folder that images are built of. Who runs in them may write to the project, as in a pod, whoever that is."""

import os
import shutil
import tempfile
from pathlib import Path

from automl.compiler.project.paths import under
from automl.images.context import EMPTY, Context
from automl.targets.objects.config_maps import FILE_TIME

OPEN = ("project", "dependencies")  # what goes into the folder of the project
MARK = "# An output of automl, which replaces it.\n*\n"
"""The .gitignore of a folder of ours, by which it is known again; the files in it are no part of a project."""


class NotOursError(ValueError):
    """A folder cannot be written to, for the reason that the text gives."""


def put(context: Context, folder: Path) -> None:
    """Write a folder anew, if there is nothing in it, or it was written before. Raises NotOursError and OSError."""
    if folder.is_dir() and any(folder.iterdir()) and not _is_ours(folder):
        raise NotOursError(f'"{folder}" has something in it that is no output of automl; give a new folder')
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".automl-", dir=folder) as new:
        write(context, Path(new))
        for name in (".gitignore", "start", "dependencies", "project", "Dockerfile"):
            _remove(folder / name)
            if Path(new, name).exists():
                Path(new, name).rename(folder / name)


def _is_ours(folder: Path) -> bool:
    mark = folder / ".gitignore"
    return mark.is_file() and mark.read_text(encoding="utf-8", errors="replace") == MARK


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write(context: Context, folder: Path) -> None:
    """Write all that images are built of into a folder in which there is nothing yet."""
    for name in EMPTY:
        (folder / name).mkdir(parents=True)
    for file in context.files:
        _write(folder, file.path, file.content, file.executable)
    for name, text in (("Dockerfile", context.text), (".gitignore", MARK)):
        _write(folder, name, text.encode(), is_executable=False)
    for path in folder.rglob("*"):  # some tools take the time for a part of what is in a file
        if path.is_dir():
            path.chmod(0o777 if _is_open(path.relative_to(folder)) else 0o755)
        os.utime(path, (FILE_TIME, FILE_TIME))


def _write(folder: Path, path: str, content: bytes, is_executable: bool) -> None:
    place = under(folder, path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    place.chmod((0o666 if path.startswith(OPEN) else 0o644) | (0o111 if is_executable else 0))


def _is_open(path: Path) -> bool:
    return path.parts[0] in OPEN or path.parts[:2] == ("start", "work")
