"""Texts of a config that know where they were written."""

from dataclasses import dataclass

from automl.compiler.source import Located, Span


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it was written, and the DNS label that stands for it (empty: there is none)."""

    written: str
    label: str
    span: Span


@dataclass(frozen=True, slots=True)
class Pair:
    """A key and its text, for instance a variable or a label."""

    key: Located[str]
    value: Located[str]
