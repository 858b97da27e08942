"""Where the files of a project come from."""

from typing import Annotated

from automl.compiler.records import NamedTuple
from automl.compiler.source import NOTHING_WRITTEN, Span, Written


class BundledFile(NamedTuple):
    """A file of the project; `path` is relative, with forward slashes."""

    path: str
    content: bytes
    executable: bool


class Bundle(NamedTuple):
    """The project's files, packed into the output. Sorted by path."""

    files: tuple[BundledFile, ...]
    span: Span


class Git(NamedTuple):
    """A repository, checked out where the task runs. The token is a key of a secret."""

    url: str
    ref: str
    token_secret: Annotated[str | None, "token_secret.name"]
    token_key: Annotated[str | None, "token_secret.key"]
    username_key: Annotated[str | None, "token_secret.username_key"]
    span: Annotated[Span, "url"]
    written: Written = NOTHING_WRITTEN
