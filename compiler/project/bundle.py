"""The project's files, for a workflow that carries them in its output."""

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

from automl.compiler.config.code import BundleConfig
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.generated import is_generated
from automl.compiler.ir import Bundle, BundledFile
from automl.compiler.project.files import (
    MOST_BYTES,
    LeftOut,
    Project,
    ProjectFile,
    needed_file,
    patterns_of,
    select_files,
)
from automl.compiler.project.never_code import CREDENTIALS, is_config
from automl.compiler.project.paths import bytes_of, text_of
from automl.compiler.project.repository import located, read_file
from automl.compiler.records import NamedTuple
from automl.compiler.source import Span
from automl.compiler.values.credentials import line_of_one

T = TypeVar("T")

_GENERATED = "made by automl"
_CONFIG = "another config of automl"
_OWN_CONFIG = "the config"
_LISTED = 5
_START = (
    1024 * 1024
)  # of a file that is larger than all that a manifest holds, which nobody has written by hand


class Collection(NamedTuple):
    """What becomes of the files of a project. `sizes` are those of the files to pack, in bytes; the bundle is empty
    if they are too large to be read."""

    bundle: Bundle
    sizes: Mapping[str, int]
    left_out: LeftOut
    diagnostics: Sequence[Diagnostic]


def collect_bundle(project: Project, config: BundleConfig | None, span: Span) -> Collection:
    """The files of a project that git keeps, less what is never code, sorted by path. Raises OSError.

    Paths that steps name are packed, whatever the patterns say.
    """
    selection = select_files(project, config)
    needed = [needed_file(project, path) for path in project.needed]
    sizes = {file.path: file.size for file in selection.files}
    sizes.pop(project.config, None)
    sizes.update((file.path, file.size) for file in needed)
    left_out = dict(selection.left_out)
    _see_to_own(project, left_out)
    diagnostics = list(_credentials_by_name(left_out, span))
    if sum(sizes.values()) > project.most_bytes:
        from automl.compiler.bundle_size import too_large

        diagnostics.append(too_large(sizes, None, project.most_bytes, span))
        return Collection(Bundle((), span), _by_path(sizes), left_out, diagnostics)
    looks = project.once(("looks", patterns_of(config)), lambda: _looks(project, selection.files))
    packed = {path: file for path, file in looks.packed.items() if path in sizes}
    for named in needed:
        if named.path not in packed:
            packed[named.path] = project.once(("needed", named.path), partial(_needed, project, named))
    files = _by_path(packed).values()
    diagnostics += [_credential(file.path, line, span) for file, line in files if line]
    bundle = Bundle(tuple(file for file, _ in files), span)
    sizes = {file.path: len(file.content) for file in bundle.files}
    left_out.update(looks.left_out)
    _see_to_own(project, left_out)
    return Collection(bundle, sizes, left_out, diagnostics)


def _by_path(them: dict[str, T]) -> dict[str, T]:
    return {path: them[path] for path in sorted(them, key=bytes_of)}


def _see_to_own(project: Project, left_out: dict[bytes, str]) -> None:
    """Of all configs of the folder, this one is left out itself, and nothing that its steps name."""
    if os.path.lexists(project.place(project.config)):
        left_out[bytes_of(project.config)] = _OWN_CONFIG
    for path in project.needed:
        left_out.pop(bytes_of(path), None)


class _Packed(NamedTuple):
    """A file to pack, and the line in it that looks like a credential."""

    file: BundledFile
    credential: int | None


class _Looks(NamedTuple):
    """What a look at the files of a folder tells: by path those to pack, and why others are not."""

    packed: Mapping[str, _Packed]
    left_out: LeftOut


def _looks(project: Project, files: Sequence[ProjectFile]) -> _Looks:
    """A look at each file, whatever a step needs. Raises OSError."""
    packed: dict[str, _Packed] = {}
    left_out: dict[bytes, str] = {}
    for file in files:
        look = project.once(("look", file), partial(_look, project, file))
        if isinstance(look, str):
            left_out[bytes_of(file.path)] = look
        elif look:
            packed[file.path] = look
    return _Looks(packed, left_out)


def _look(project: Project, file: ProjectFile) -> _Packed | str | None:
    """A file that the patterns select, or why it is none of the project; None if it is gone by now, or has become a link."""
    content = read_file(project.place(file.path), False, project.most_bytes)
    if content is None:
        return None
    return _why_not(file, content) or _packed(file, content)


def _needed(project: Project, file: ProjectFile) -> _Packed:
    """A file that a step names, whatever is in it. Raises OSError."""
    path = project.place(file.path)
    content = read_file(path, True, project.most_bytes)
    if content is None:
        raise located(OSError(errno.ENOENT, os.strerror(errno.ENOENT)), path)
    return _packed(file, content)


def _packed(file: ProjectFile, content: bytes) -> _Packed:
    line = line_of_one(content if len(content) <= MOST_BYTES else content[:_START])
    return _Packed(BundledFile(file.path, content, file.executable), line)


def _why_not(file: ProjectFile, content: bytes) -> str | None:
    """What it holds may tell that it is no part of the project, or it would become part of itself."""
    starts = content.startswith(
        b"#!"
    )  # as a program that automl made; a module is the user's, whatever is in it
    if (starts or not file.path.endswith(".py")) and is_generated(content):
        return _GENERATED
    return _CONFIG if not file.asked and is_config(file.path, content) else None


def _credential(path: str, line: int, span: Span) -> Diagnostic:
    return Diagnostic(
        Code.PLAIN_SECRET,
        f'line {line} of "{path}" looks like a credential, and would stand in the output for all to read',
        span,
        help="leave the file out with `code: {bundle: {exclude: […]}}` or .gitignore, and use `secrets`",
    )


def _credentials_by_name(left_out: LeftOut, span: Span) -> Iterator[Diagnostic]:
    paths = sorted(path for path, reason in left_out.items() if reason == CREDENTIALS)
    names = [text_of(path) for path in paths]
    if not names:
        return
    from automl.compiler.bundle_size import exclude_pattern

    shown = ", ".join(f'"{name}"' for name in names[:_LISTED])
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    verb = "is" if len(names) == 1 else "are"
    yield Diagnostic(
        Code.LEFT_OUT_CREDENTIALS,
        f"{shown}{more} {verb} not packed: by the name, that is where credentials are kept",
        span,
        help="`automl files` lists what is packed; put their values into a Secret, and name that under `secrets`; "
        f"what is no credential is taken back by `code: {{bundle: {{exclude: [{exclude_pattern(names[0], '!')}]}}}}`",
    )
