"""Files in a store: fetched from there before a task begins, and put there when it has left them, by fsspec.

It runs on Python 3.11 and newer, with what it installs into an environment of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from automl.runtime.dependencies import PIP
from automl.runtime.folders import work

ENVIRONMENT = work() / "store"
INSTALLED = ENVIRONMENT / ".installed"
CLIENT = ("fsspec==2026.9.0", "s3fs==2026.9.0", "aiobotocore==3.10.0", "botocore==1.43.117")
NEEDED_BY_IT = (
    *("aiohappyeyeballs==2.7.1", "aiohttp==3.14.5", "aioitertools==0.13.0", "aiosignal==1.4.0"),
    *("attrs==26.1.0", "frozenlist==1.8.0", "idna==3.20", "jmespath==1.1.0", "multidict==7.2.1"),
    *("propcache==0.5.4", "python-dateutil==2.9.0.post0", "six==1.17.0", "typing-extensions==4.16.0"),
    *("urllib3==2.8.0", "wrapt==2.5.2", "yarl==1.25.1"),
)
HOW_TO_INSTALL = ("--quiet", "--no-deps", "--no-compile", "--ignore-installed", "--only-binary=:all:")
AT_A_TIME = 8  # files
PART = 16 * 1024 * 1024  # bytes, in which large files travel; a file of less than two is in memory as a whole
MOST_PARTS = 10_000  # of one file


def fetch(words: Iterable[str]) -> None:
    """Bring what is at addresses to paths, each a word `PATH=ADDRESS`."""
    for path, _, address in (word.partition("=") for word in words):
        with told(f"cannot fetch {address}"):
            if not fetched(client(), key_of(address), Path(path)):
                raise FileNotFoundError(missing(address))
        print(f"automl: fetched {address}", flush=True)


def missing(address: str) -> str:
    """What is said of an address where nothing is. The last names in one are those of a task and its output."""
    *_, task, output = address.split("/")
    return f"{task!r} has left its output {output!r} there, and it is gone; delete the Job of {task!r}, so that it runs again"


def fetched(store: Any, key: str, place: Path) -> bool:
    """Bring a file or a folder to a place; whether there is one."""
    objects = [str(name) for name in store.find(key)]
    paths = {name: inside(place, name[len(key) :]) for name in objects}
    for path in (path for name, path in paths.items() if name.endswith("/")):
        path.mkdir(parents=True, exist_ok=True)
    files = {name: str(path) for name, path in paths.items() if not name.endswith("/")}
    store.get([*files], [*files.values()], batch_size=AT_A_TIME)
    return bool(objects)


def inside(place: Path, name: str) -> Path:
    """The path of an object in a folder; the place itself where there is no more."""
    if ".." in name.split("/"):
        raise ValueError(f"{name!r} leads out of the folder")
    return Path(f"{place}{name}")


def put(words: Iterable[str], left: Mapping[str, Path]) -> None:
    """Put what was left under a name at an address, each a word `NAME=ADDRESS`, in the place of what is there."""
    for name, _, address in (word.partition("=") for word in words):
        with told(f"cannot put the output {name!r} at {address}"):
            stored(client(), left[name], key_of(address))
        print(f"automl: put {address}", flush=True)


def stored(store: Any, source: Path, key: str) -> None:
    """Put a file or a folder at a key, where an earlier try may have left something."""
    objects = {name: path for path, name in tree(source, key)}
    for leftover in store.find(key):
        store.rm_file(leftover)
    files = {name: str(path) for name, path in objects.items() if not name.endswith("/")}
    largest = max((path.stat().st_size for path in objects.values()), default=0)
    part = max(PART, -(-largest // MOST_PARTS))
    store.put([*files.values()], [*files], batch_size=AT_A_TIME, chunksize=part)
    for folder in objects.keys() - files.keys():
        store.pipe_file(folder, b"")


def tree(path: Path, name: str) -> Iterator[tuple[Path, str]]:
    """The files of a folder, or a file itself, with the names of their objects; that of an empty folder ends in `/`."""
    if path.is_file():
        yield path, name
    elif path.is_dir():
        entries = sorted(path.iterdir())
        if not entries:
            yield path, f"{name}/"
        for entry in entries:
            yield from tree(entry, f"{name}/{entry.name}")
    else:
        raise ValueError(f"{path} is neither a file nor a folder, or leads nowhere")


def key_of(address: str) -> str:
    """The bucket and the key that an address names."""
    return address.partition("://")[2]


@contextmanager
def told(what: str) -> Iterator[None]:
    """Say what could not be done; the client knows many kinds of errors."""
    try:
        yield
    except Exception as error:
        raise OSError(f"{what}: {error or type(error).__name__}") from error


@lru_cache
def client() -> Any:
    """The store. A server of one's own has its buckets in its paths, since their names are in no DNS."""
    install()
    is_own = any(os.environ.get(name) for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"))
    style = "path" if is_own else "auto"
    sys.path[:0] = map(str, ENVIRONMENT.glob("lib/python*/site-packages"))
    return import_module("fsspec").filesystem(
        "s3",
        default_block_size=PART,
        max_concurrency=4,
        use_listings_cache=False,
        config_kwargs={"s3": {"addressing_style": style}},
    )


def install() -> None:
    """Install the client, unless another container of the pod did."""
    if INSTALLED.exists():
        return
    venv.create(
        ENVIRONMENT, system_site_packages=True, clear=True, symlinks=True, with_pip=find_spec("pip") is None
    )
    pip = [str(ENVIRONMENT / "bin" / "python"), "-I", "-m", "pip", "install"]
    command = [*pip, *HOW_TO_INSTALL, *CLIENT, *NEEDED_BY_IT]
    status = subprocess.run(command, env={**PIP, **os.environ}, check=False).returncode
    if status != 0:
        raise OSError(f"the client of the store could not be installed: pip ended with status {status}")
    INSTALLED.touch()
