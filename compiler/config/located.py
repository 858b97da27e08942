"""Names of a config, which know where they were written."""

from automl.compiler.records import NamedTuple
from automl.compiler.source import Located, Span
from automl.compiler.tree.nodes import Part


class Name(NamedTuple):
    """A name as it was written, and the DNS label that stands for it (empty: there is none)."""

    written: str
    label: str
    span: Span


class Template(Located[str]):
    """A text with references in it; `value` is what was written."""

    parts: tuple[Part, ...]
