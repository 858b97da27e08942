"""The project's files, for a workflow that carries them in its output."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from automl.compiler.config import BundleConfig, Located
from automl.compiler.credentials import line_of_one
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.generated import is_generated
from automl.compiler.ignored import Ignored, patterns
from automl.compiler.ir import Bundle, BundledFile
from automl.compiler.source import Span

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

MAX_BYTES = 16 * 1024 * 1024  # more fits into no manifest, however well it packs; it is not even read
_NEVER = (
    ".env",  # where people keep secrets
    ".git",
    ".hg",
    ".svn",
    ".venv",
    "venv",
    "__pycache__",
    ".ipynb_checkpoints",
    "node_modules",
    ".store",
)
_EXECUTABLE = 0o100


def collect_bundle(
    folder: Path, config: BundleConfig | None, needed: Iterable[str], left_out: str, span: Span
) -> tuple[Bundle, list[Diagnostic]]:
    """The files of `folder` that git does not ignore and the config does not exclude, sorted by path.

    `needed` are paths that steps name: they are packed, whatever the patterns say. `left_out` is the config
    itself. Symbolic links and our own output are left out. Outside `folder`, .gitignore files alone are read.
    """
    paths = sorted({path for path in _walk(folder, config) if path != left_out} | set(needed))
    sizes = {path: (folder / path).stat().st_size for path in paths}
    if sum(sizes.values()) > MAX_BYTES:
        return Bundle((), span), [too_large(sizes, sum(sizes.values()), MAX_BYTES, span)]
    read = (_read(folder, path) for path in paths)
    files = tuple(file for file in read if not is_generated(file.path, file.content))
    return Bundle(files, span), [found for file in files if (found := _credential(file, span))]


def _credential(file: BundledFile, span: Span) -> Diagnostic | None:
    line = line_of_one(file.content)
    if line is None:
        return None
    return Diagnostic(
        Code.PLAIN_SECRET,
        f'line {line} of "{file.path}" looks like a credential, and would stand in the output for all to read',
        span,
        help="leave the file out with `code: {bundle: {exclude: […]}}` or .gitignore, and use `secrets`",
    )


def _read(folder: Path, path: str) -> BundledFile:
    file = folder / path
    return BundledFile(path, file.read_bytes(), bool(file.stat().st_mode & _EXECUTABLE))


def too_large(sizes: Mapping[str, int], total: int, limit: int, span: Span) -> Diagnostic:
    """The diagnostic for a bundle of `total` bytes; it names the largest of the files."""
    largest = sorted(sizes, key=lambda path: (-sizes[path], path))[:5]
    listed = ", ".join(f"{path} ({_kib(sizes[path])})" for path in largest)
    return Diagnostic(
        Code.BUNDLE_SIZE,
        f"the project's files take {_kib(total)} in the manifest; the limit is {_kib(limit)}",
        span,
        help=f"the largest are {listed}: leave some out with `code: {{bundle: {{exclude: […]}}}}`, "
        "or use `code: {git: …}`",
    )


def _kib(size: int) -> str:
    return f"{-(-size // 1024)} KiB"


def _walk(folder: Path, config: BundleConfig | None) -> Iterator[str]:
    include = _patterns(config.include) if config and config.include else None
    exclude = _patterns(config.exclude) if config and config.exclude else None
    ignored = Ignored(folder)

    def is_left_out(path: str, name: str) -> bool:
        if name in _NEVER or name.endswith(".pyc"):
            return True
        return path in ignored or (exclude is not None and exclude.match_file(path))

    for root, folders, names in os.walk(folder):
        prefix = "" if Path(root) == folder else f"{Path(root).relative_to(folder).as_posix()}/"
        if ".gitignore" in names and _is_regular(root, ".gitignore"):
            ignored.read(prefix, Path(root, ".gitignore"))
        folders[:] = sorted(name for name in folders if not is_left_out(f"{prefix}{name}/", name))
        for name in sorted(names):
            path = prefix + name
            if is_left_out(path, name) or not _is_regular(root, name):
                continue
            if include is None or include.match_file(path):
                yield path


def _patterns(config: tuple[Located[str], ...]) -> "GitIgnoreSpec":
    return patterns(pattern.value for pattern in config)


def _is_regular(root: str, name: str) -> bool:
    return stat.S_ISREG(Path(root, name).lstat().st_mode)
