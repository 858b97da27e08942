"""The cache of what takes minutes to make: outside the tree, shared by checkouts and by parallel runs."""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


def directory() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "automl-tests"


def made_once(name: str, key: str, make: Callable[[Path], None]) -> Path:
    """The folder that `make` filled, under this name and key, in this run or an earlier one."""
    final = directory() / f"{name}-{key}"
    if final.is_dir():
        return final
    with _locked(name), tempfile.TemporaryDirectory(dir=directory()) as scratch:
        if not final.is_dir():
            fresh = Path(scratch) / "fresh"
            fresh.mkdir()
            make(fresh)
            fresh.rename(final)
    return final


@contextmanager
def _locked(name: str) -> Iterator[None]:
    directory().mkdir(parents=True, exist_ok=True)
    with (directory() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def digest(files: Iterable[Path], *words: str) -> str:
    """A key made of the content of files and of other things that the result depends on."""
    state = hashlib.sha256()
    for file in sorted(files):
        state.update(f"{file.name} {file.stat().st_size}\n".encode())
        state.update(file.read_bytes())
    for word in words:
        state.update(f"{word}\n".encode())
    return state.hexdigest()[:16]
