"""The secrets of who runs something: `$XDG_CONFIG_HOME/automl/secrets/NAME/KEY`, files that nobody else may read."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Container, Iterator
from pathlib import Path

from automl.runtime.local.plan import Plan, Secret, Task

VARIABLE = re.compile(r"(?!\.\.)[-._a-zA-Z][-._a-zA-Z0-9]*")  # the keys that a cluster makes variables of


def folder() -> Path:
    """Where the secrets are."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home, "automl", "secrets")


def problems(plan: Plan) -> Iterator[str]:
    """What is missing of the secrets of a plan, or open to others; a sentence each."""
    wanted: dict[str, set[str]] = {}
    repository = [plan.git.token] if plan.git and plan.git.token else []
    for secret in (*repository, *(secret for task in plan.tasks for secret in task.secrets)):
        wanted.setdefault(secret.name, set()).update(secret.keys)
    mounted = {mount.secret: set[str]() for task in plan.tasks for mount in task.mounts if mount.secret}
    for name, keys in {**mounted, **wanted}.items():
        yield from _missing(folder() / name, name, sorted(keys))
        yield from _open(folder() / name)
        yield from _unfit(folder() / name, keys) if name in wanted else ()


def names(task: Task) -> Iterator[str]:
    """The variables with secrets of a task, as far as these are there."""
    for secret in task.secrets:
        if secret.keys:
            yield from secret.keys.values()
        elif (folder() / secret.name).is_dir():
            keys = (path.name for path in _files(secret) if VARIABLE.fullmatch(path.name))
            yield from (name for name in keys if name not in task.variables)


def whole(task: Task) -> dict[str, str]:
    """The variables of the secrets of a task of which every key is one."""
    pairs = [(path.name, path) for secret in task.secrets if not secret.keys for path in _files(secret)]
    return {name: read(path) for name, path in pairs if VARIABLE.fullmatch(name)}


def chosen(task: Task) -> dict[str, str]:
    """The variables for single keys of secrets of a task."""
    return {name: text for secret in task.secrets for name, text in values(secret).items()}


def values(secret: Secret) -> dict[str, str]:
    """The variables for single keys of a secret."""
    return {variable: read(folder() / secret.name / key) for key, variable in secret.keys.items()}


def read(path: Path) -> str:
    """The value in a file, as a variable has it; ValueError if none can have it."""
    content = path.read_bytes()
    if b"\0" in content:
        raise ValueError(f"{path} has a byte 0, and no variable can have one")
    return os.fsdecode(content)


def _files(secret: Secret) -> list[Path]:
    return [path for path in _there(folder() / secret.name) if path.is_file()]


def _there(place: Path) -> list[Path]:
    return sorted(path for path in place.iterdir() if path.exists())  # and no link that leads nowhere


def _missing(place: Path, name: str, keys: list[str]) -> Iterator[str]:
    if not place.is_dir():
        yield f"the secret {name!r} is missing: `mkdir -m 700 -p {place}`, and put each key into a file there (`chmod 600`)"
        return
    for key in keys:
        if not (place / key).is_file():
            yield f"the secret {name!r} has no key {key!r}: put it into {place / key} (`chmod 600`)"


def _open(place: Path) -> Iterator[str]:
    for path in [place, *_there(place)] if place.is_dir() else []:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            mode = "700" if path.is_dir() else "600"
            yield f"{path} can be read by others: `chmod {mode} {path}`"


def _unfit(place: Path, keys: Container[str]) -> Iterator[str]:
    """The values that no variable can have, or that cannot be read at all."""
    for path in _there(place) if place.is_dir() else []:
        if path.is_file() and (path.name in keys or (not keys and VARIABLE.fullmatch(path.name))):
            try:
                read(path)
            except ValueError as error:
                yield str(error)
            except OSError as error:
                yield f"{path} cannot be read: {error.strerror}"
