"""The runs in a folder, and which of them somebody means."""

from __future__ import annotations

from pathlib import Path

LAST = "last"


class VerbError(Exception):
    """It cannot be done. The text says why."""


def folders(runs: Path) -> list[Path]:
    """The folders of all runs, in the order in which they were made."""
    paths = runs.iterdir() if runs.is_dir() else ()
    there = [path for path in paths if not path.name.startswith(".") and (path / "run.json").is_file()]
    return sorted(there, key=lambda path: ((path / "run.json").stat().st_mtime_ns, path.name))


def find(runs: Path, word: str) -> Path:
    """The run that is called so, or the only one whose name begins or ends so; `last` is the one made last."""
    there = folders(runs)
    if word == LAST and there:
        return there[-1]
    for path in there:
        if path.name == word:
            return path
    fitting = [
        path for path in there if word and (path.name.startswith(word) or path.name.endswith(f"-{word}"))
    ]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise VerbError(f'there is no run "{word}" in {runs}' if there else f"there are no runs in {runs}")
    names = ", ".join(path.name for path in fitting[-5:])
    raise VerbError(f'there are {len(fitting)} runs that "{word}" could be: {names}')
