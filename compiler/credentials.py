"""What a credential looks like: in its name, or in its shape."""

import re

_NAME = re.compile(
    r"(pass(word|wd)?|secret|token|api_?key|access_?key|private_?key|credentials?)(_?[0-9]+)?\Z",
    re.IGNORECASE,
)
_SHAPE = re.compile(
    r"\b((AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}"
    r"|xox[abprs]-[A-Za-z0-9-]{10,}|sk-([a-z]+-)*[A-Za-z0-9_]{32,}|hf_[A-Za-z0-9]{20,})"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----|://[^/\s:@]+:[^/\s:@]+@"
)


def is_named_like_one(name: str) -> bool:
    """Whether the name of a variable says that its value is a credential, for instance `DB_PASSWORD`."""
    return bool(_NAME.search(name))


def line_of_one(text: str) -> int | None:
    """The line, from 1, of the first thing in a text that has the shape of a credential."""
    match = _SHAPE.search(text)
    return text.count("\n", 0, match.start()) + 1 if match else None
