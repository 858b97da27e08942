"""Where the files of a project come from."""

from dataclasses import dataclass, field
from typing import Annotated

from automl.compiler.source import Span, Written


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
    token_secret: Annotated[str | None, "token_secret.name"]
    token_key: Annotated[str | None, "token_secret.key"]
    username_key: Annotated[str | None, "token_secret.username_key"]
    span: Annotated[Span, "url"]
    written: Written = field(default_factory=dict)
