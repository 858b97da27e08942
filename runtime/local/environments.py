"""Virtual environments for what projects need: one for each content of a requirements file, made once and kept.

They are in `$XDG_CACHE_HOME/automl/environments`, a folder each, made by the start script of the pods: until its last
file is there, none of them is whole. Whoever needs one that another process makes just now waits for it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import site
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_INCLUDED = re.compile(r"^\s*(?:-r|--requirement|-c|--constraint)[\s=]+(\S+)", re.MULTILINE)
_OF_PROJECT = re.compile(r"^\s*(?:-e|--editable|\.{1,2}(?:/|\s|\[|$)|file:)|@\s*file:", re.MULTILINE)


def link(environment: Path, start: Path, dependencies: str, packages: Sequence[str]) -> None:
    """Have a virtual environment with what a file of the project and packages ask for; `environment` leads to it.

    The current folder is that of the project, of which the start script has a copy. ValueError if it cannot be made.
    """
    folder = cache() / key(Path(dependencies) if dependencies else None, packages)
    with _held(folder):
        if not (folder / "venv" / ".installed").exists():
            _make(folder, start, dependencies, packages)
    environment.symlink_to(folder / "venv")


def cache() -> Path:
    """Where the environments are."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home, "automl", "environments")


def key(file: Path | None, packages: Sequence[str]) -> str:
    """What tells an environment apart: what is asked for, and the Python that it is for, with what that has."""
    digest = hashlib.sha256(f"{sys.version}\n{sys.executable}\n".encode())
    there = (path.name for folder in site.getsitepackages() for path in Path(folder).glob("*-info"))
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


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _make(folder: Path, start: Path, dependencies: str, packages: Sequence[str]) -> None:
    options = ["--dependencies", dependencies] if dependencies else []
    options += [word for package in packages for word in ("--package", package)]
    print(f"automl: making the environment {folder}", flush=True)
    command = [sys.executable, str(start), *options, "--", sys.executable, "-c", ""]
    done = subprocess.run(command, env={**os.environ, "AUTOML_WORK": str(folder)}, check=False)
    if done.returncode:
        raise ValueError(f"the dependencies could not be installed ({dependencies or ', '.join(packages)})")
