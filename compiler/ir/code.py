"""Where the files of a project come from."""

from dataclasses import dataclass

from automl.compiler.source import Span


@dataclass(frozen=True, slots=True)
class BundledFile:
    """A file of the project; `path` is relative, with forward slashes."""

    path: str
    content: bytes
    executable: bool


@dataclass(frozen=True, slots=True)
class Bundle:
    """The project's files, packed into the output. Sorted by path."""

    files: tuple[BundledFile, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Git:
    """A repository, checked out where the task runs. The token is a key of a secret."""

    url: str
    ref: str
    token_secret: str | None
    token_key: str | None
    username_key: str | None
    span: Span
