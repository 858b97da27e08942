"""Virtual environments for what projects need: one for each content of a requirements file, made once and kept.

They are in `$XDG_CACHE_HOME/automl/environments`, a folder each, made as in the pods, or by a `uv` that is on the PATH:
until its last file is there, none of them is whole. Whoever needs one that another process makes just now waits for it.
Beside each is a file, its lock, which all have who use it, and which is as old as its last use.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import site
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

UNUSED_FOR = 30 * 24 * 60 * 60  # seconds, after which an environment is removed when another one is made
_INCLUDED = re.compile(r"^\s*(?:-[rc]\s*=?|--(?:requirement|constraint)[\s=])\s*(\S+)", re.MULTILINE)
_OF_PROJECT = re.compile(
    r"^\s*(?:-e|--editable|-f|--find-links|\.{1,2}(?:/|\s|\[|$)|file:|[^\s#:@]+(?:/|\.whl|\.zip|\.gz))|@\s*file:",
    re.MULTILINE,
)


def link(environment: Path, dependencies: str, packages: Sequence[str]) -> None:
    """Let `environment` lead to the one with what a file of the project and packages ask for."""
    environment.symlink_to(have(dependencies, packages))


def have(dependencies: str, packages: Sequence[str]) -> Path:
    """A virtual environment with what a file of the project and packages ask for.

    The current folder is that of the project. ValueError if it cannot be made. Nobody removes it before this process
    has ended, and what it becomes.
    """
    folder = cache() / key(Path(dependencies) if dependencies else None, packages)
    lock = _lock_of(folder)
    fcntl.flock(lock, fcntl.LOCK_SH)
    while not _is_whole(folder):
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_whole(folder):
            remove_unused()
            _make(folder, dependencies, packages, lock)
        fcntl.flock(lock, fcntl.LOCK_SH)  # and nobody knows who has had it in between
    os.utime(lock)
    os.set_inheritable(lock, True)
    return folder / "venv"


def remove_unused() -> None:
    """Remove the environments that nobody has used for long. What cannot be removed stays."""
    for path in cache().glob("*.lock"):
        with suppress(OSError):
            if path.with_suffix("").exists() and _is_old(path.stat()):
                _remove(path.with_suffix(""))


def cache() -> Path:
    """Where the environments are."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home, "automl", "environments")


def key(file: Path | None, packages: Sequence[str]) -> str:
    """What tells an environment apart: what is asked for, and the Python that it is for, with what that has."""
    digest = hashlib.sha256(f"{sys.version}\n{sys.executable}\n".encode())
    folders = [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    there = (path.name for folder in folders for path in Path(folder).glob("*-info"))
    for line in (*packages, "", *sorted(there)):
        digest.update(f"{line}\n".encode(errors="surrogateescape"))
    for path in _read_with(file) if file else ():
        content = path.read_bytes()
        digest.update(f"{path} {len(content)}\n".encode(errors="surrogateescape") + content)
    return digest.hexdigest()[:16]


def _read_with(file: Path) -> Iterator[Path]:
    """The files that say what is installed: all of the project, if a part of it is."""
    seen = [file]
    for path in seen:  # it grows on the way
        text = path.read_text(encoding="utf-8", errors="replace")
        included = (path.parent / name for name in _INCLUDED.findall(text))
        seen += [other for other in included if other.is_file() and other not in seen]
    if file.suffix != ".txt" or any(_OF_PROJECT.search(path.read_text(errors="replace")) for path in seen):
        seen += sorted(path for path in Path().rglob("*") if path.is_file() and path not in seen)
    yield from seen


def _is_whole(folder: Path) -> bool:
    return (folder / "venv" / ".installed").exists()


def _lock_of(folder: Path) -> int:
    folder.parent.mkdir(parents=True, exist_ok=True)
    return os.open(folder.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _is_old(lock: os.stat_result) -> bool:
    return lock.st_mtime < time.time() - UNUSED_FOR


def _remove(folder: Path) -> None:
    """Remove one, but for its lock: somebody may be waiting for that. OSError if it is in use."""
    lock = _lock_of(folder)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_old(os.fstat(lock)):
            (folder / "venv" / ".installed").unlink(missing_ok=True)  # lest a rest is taken for whole
            shutil.rmtree(folder)
            print(f"automl: removed the environment {folder}, which nobody has used for long", flush=True)
    finally:
        os.close(lock)


def _make(folder: Path, dependencies: str, packages: Sequence[str], lock: int) -> None:
    """Make it; what makes it has the lock, too, lest another begins while that still writes."""
    print(f"automl: making the environment {folder}", flush=True)
    entry = Path(__file__).with_name("entry.py")
    command = [sys.executable, str(entry), "making", dependencies, *packages]
    variables = {**os.environ, "AUTOML_WORK": str(folder)}
    if subprocess.run(command, env=variables, pass_fds=[lock], check=False).returncode:
        raise ValueError(f"the dependencies could not be installed ({dependencies or ', '.join(packages)})")
