"""What an unquoted YAML scalar means: the core schema of YAML 1.2, strictly.

What other readers (YAML 1.1, Go's parsers) take for something else stays text, and `ambiguity` says why.
"""

from functools import lru_cache

from automl.compiler.patterns import regex

_INTEGER = regex(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = regex(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_CONSTANTS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
MAY_BE_NUMBER = frozenset("+-.0123456789")
_LONGEST_NUMBER = 300  # a longer run of digits is text; Python refuses to read 4,300

_BOOLEANS_OF_1_1 = frozenset(["y", "n", "yes", "no", "on", "off"])
# What the text has in any case, the rest, and what it is taken for.
_AMBIGUITIES = (
    ("0", regex(r"[-+]?0[0-9_]+\Z"), "an octal number"),
    ("0o", regex(r"[-+]?0o[0-7_]+\Z"), "an octal number"),
    ("0x", regex(r"[-+]?0x[0-9a-fA-F_]+\Z"), "a hexadecimal number"),
    ("0b", regex(r"[-+]?0b[01_]+\Z"), "a binary number"),
    ("", regex(r"[-+]?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?\Z"), "a number"),
    (":", regex(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?\Z"), "a number in base 60"),
    (".", regex(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z"), "a number that is not finite"),
    ("-", regex(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \t][0-9:.+Zz -]*)?\Z"), "a date"),
)


@lru_cache(maxsize=10_000)
def interpret(text: str) -> tuple[bool | int | float | str | None, str | None]:
    """The value of an unquoted scalar and, if it is text, what other readers take it for. Keys repeat: cached."""
    value = resolve(text)
    return value, ambiguity(text) if value is text else None


def resolve(text: str) -> bool | int | float | str | None:
    """The value of an unquoted scalar."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in MAY_BE_NUMBER or len(text) > _LONGEST_NUMBER:
        return text
    if _INTEGER.match(text):
        return int(text)
    if _FLOAT.match(text) and not _is_infinite(text):
        return float(text)
    return text


def _is_infinite(text: str) -> bool:
    return float(text) in (float("inf"), float("-inf"))


def ambiguity(text: str) -> str | None:
    """What another reader takes a scalar for that is text here, for instance "a boolean"."""
    if text[:1] not in MAY_BE_NUMBER:
        return "a boolean" if text.lower() in _BOOLEANS_OF_1_1 else None
    return next(
        (meaning for part, pattern, meaning in _AMBIGUITIES if part in text and pattern.match(text)), None
    )
