"""The `code` of a config."""

from dataclasses import dataclass
from typing import Annotated

from automl.compiler.ir import Git
from automl.compiler.source import Located, Span


@dataclass(frozen=True, slots=True)
class BundleConfig:
    """Which files are packed, as patterns in the manner of .gitignore."""

    include: tuple[Located[str], ...]
    exclude: tuple[Located[str], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class CodeConfig:
    """Where the code of all steps is; at most one is set."""

    git: Git | None = None
    bundle: BundleConfig | None = None
    in_image: Annotated[bool, "image"] = False
