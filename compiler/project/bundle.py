"""The project's files, for a workflow that carries them in its output."""

import errno
import os
from collections.abc import Iterator, Mapping, Sequence

from automl.compiler.config.code import BundleConfig
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.generated import is_generated
from automl.compiler.ir import Bundle, BundledFile
from automl.compiler.project.files import MOST_BYTES, LeftOut, Project, ProjectFile, select_files
from automl.compiler.project.never_code import CREDENTIALS, is_config
from automl.compiler.project.paths import bytes_of, text_of
from automl.compiler.project.repository import located, read_file
from automl.compiler.records import NamedTuple
from automl.compiler.source import Span
from automl.compiler.values.credentials import line_of_one

_GENERATED = "made by automl"
_CONFIG = "another config of automl"
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
    sizes = {file.path: file.size for file in selection.files}
    left_out = dict(selection.left_out)
    diagnostics = list(_credentials_by_name(left_out, span))
    if sum(sizes.values()) > project.most_bytes:
        from automl.compiler.bundle_size import too_large

        diagnostics.append(too_large(sizes, None, project.most_bytes, span))
        return Collection(Bundle((), span), sizes, left_out, diagnostics)
    looks = list(_looks(project, selection.files))
    files = [look.file for look in looks if look.file]
    left_out.update(look.left_out for look in looks if look.left_out)
    diagnostics += [_credential(look.file.path, look.line, span) for look in looks if look.file and look.line]
    sizes = {file.path: len(file.content) for file in files}
    return Collection(Bundle(tuple(files), span), sizes, left_out, diagnostics)


class _Look(NamedTuple):
    """What a look at a file tells: it is packed, or left out, or gone by now; and the line where a credential stands."""

    file: BundledFile | None = None
    left_out: tuple[bytes, str] | None = None
    line: int | None = None


def _looks(project: Project, files: Sequence[ProjectFile]) -> Iterator[_Look]:
    """A look at each file, which is one for all configs of the folder that need it alike. Raises OSError."""
    known: dict[tuple[ProjectFile, bool], _Look] = project.once("looks", dict)
    for file in files:
        key = (file, file.path in project.needed)
        if key not in known:
            known[key] = _look(project, file)
        yield known[key]


def _look(project: Project, file: ProjectFile) -> _Look:
    content = _read(project, file)
    if content is None:
        return _Look()
    if file.path not in project.needed and (reason := _why_not(file, content)):
        return _Look(left_out=(bytes_of(file.path), reason))
    line = line_of_one(content if len(content) <= MOST_BYTES else content[:_START])
    return _Look(BundledFile(file.path, content, file.executable), line=line)


def _read(project: Project, file: ProjectFile) -> bytes | None:
    """What it holds; None if it is gone by now, or has become a link, and no step needs it. Raises OSError."""
    path = project.place(file.path)
    is_needed = file.path in project.needed
    content = read_file(path, is_needed, project.most_bytes)
    if content is None and is_needed:
        raise located(OSError(errno.ENOENT, os.strerror(errno.ENOENT)), path)
    return content


def _why_not(file: ProjectFile, content: bytes) -> str | None:
    """What it holds may tell that it is no part of the project, or it would become part of itself."""
    if not file.path.endswith(".py") and is_generated(content):  # a script with our first line is still one
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
