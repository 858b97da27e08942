"""The `code` of a config."""

from typing import Annotated

from automl.compiler.ir import Git
from automl.compiler.records import NamedTuple
from automl.compiler.source import Located, Span


class BundleConfig(NamedTuple):
    """Which files are packed, as patterns in the manner of .gitignore."""

    include: tuple[Located[str], ...]
    exclude: tuple[Located[str], ...]
    span: Span


class CodeConfig(NamedTuple):
    """Where the code of all steps is; at most one is set."""

    git: Git | None = None
    bundle: BundleConfig | None = None
    in_image: Annotated[bool, "image"] = False
