"""Writing the artifacts, whole or not at all, and comparing them with what is there."""

import os
import re
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.source import Source, Span
from automl.compiler.target import Artifact

_LINE = re.compile("[^\n]*\n|[^\n]+")
_NO_LAST_BREAK = "\\ No newline at end of file"


class Difference(NamedTuple):
    """A file that is not what it would be now: a unified diff, and where it starts."""

    diff: str
    diagnostic: Diagnostic


def destination(output: str, artifacts: Sequence[Artifact]) -> dict[Path, str]:
    """The files to write: into a folder, or the one artifact to a file. Raises ValueError for several."""
    path = Path(output)
    if output.endswith(("/", os.sep)) or path.is_dir():
        return {path / artifact.path: artifact.text for artifact in artifacts}
    if len(artifacts) != 1:
        raise ValueError(f'the output has {len(artifacts)} files; give a folder: "{output}/"')
    return {path: artifacts[0].text}


def write_files(files: Mapping[Path, str]) -> None:
    """Write every file beside its place first, then put all of them there. Raises OSError.

    A link stays one, and what it leads to is written; so is what is no file, such as a pipe or /dev/null.
    """
    ready: list[tuple[Path, Path]] = []
    try:
        for path, text in files.items():
            if path.exists() and not path.is_file():
                path.write_bytes(text.encode())
                continue
            place = Path(os.path.realpath(path)) if path.is_symlink() else path
            place.parent.mkdir(parents=True, exist_ok=True)
            ready.append((_write_beside(place, text), place))
        while ready:
            temporary, place = ready[-1]
            temporary.replace(place)
            ready.pop()
    finally:
        for temporary, _ in ready:
            temporary.unlink()


def _write_beside(path: Path, text: str) -> Path:
    import tempfile

    temporary = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".automl-")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
        temporary.chmod(_mode(path))
    except OSError as error:
        if temporary:
            temporary.unlink()
        raise OSError(error.errno, error.strerror, str(path)) from error
    return temporary


def _mode(path: Path) -> int:
    """The permissions of a file that is there, or those that a new one gets."""
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def check_files(files: Mapping[Path, str]) -> list[Difference]:
    """What is missing or differs. Raises OSError."""
    return [difference for path, text in files.items() if (difference := _compare(path, text))]


def _compare(path: Path, text: str) -> Difference | None:
    there = path.read_bytes().decode("utf-8", "replace") if path.is_file() else None
    if there == text:
        return None
    from difflib import unified_diff

    old, new = _LINE.findall(there or ""), _LINE.findall(text)
    lines = unified_diff(old, new, str(path), f"{path} (compiled now)")
    diff = "".join(line if line.endswith("\n") else f"{line}\n{_NO_LAST_BREAK}\n" for line in lines)
    what = "is not there" if there is None else "is not what its config compiles to"
    help = "compile again without --check, and commit the result"
    span = _first_difference(Source(str(path), there or ""), old, new)
    return Difference(diff, Diagnostic(Code.STALE_OUTPUT, f'"{path}" {what}', span, help=help))


def _first_difference(source: Source, old: list[str], new: list[str]) -> Span:
    same = next(
        (number for number, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), None
    )
    line = (min(len(old), len(new)) if same is None else same) + 1
    return Span(source, line, 1, line, len(source.line(line)) + 1)
