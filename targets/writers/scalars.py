"""How one text or number is written in YAML, so that every reader takes it for what it is."""

import re
from functools import cache

from automl.compiler.patterns import regex

_LARGEST_INT = 2**53  # a reader that goes by way of a double rounds what is beyond

# What may stand without quotes, and the words among it that some reader takes for something else.
_PLAIN = regex(r"[A-Za-z/][A-Za-z0-9_/]*(?:[.:=@+-]+[A-Za-z0-9_/]+)*")
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf", "infinity"}

_UNESCAPED = regex(r"[ !#-\[\]-~]*")
_TO_ESCAPE = regex(r'["\\\x00-\x1f\x7f]')
_CONTROL = regex(r"[\x00-\x09\x0b-\x1f\x7f]")
_NO_LITERAL_BLOCK = regex(r"\A[ \n]|^\t|[ \t]$|\n\n\Z|[\x00-\x08\x0b-\x1f\x7f]", re.MULTILINE)
_HIDDEN = "\U000e0000"
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def inline_text(text: str) -> str:
    """Return the text for one line, without quotes where no reader takes it for something else."""
    if _is_plain(text):
        return text
    return f'"{_escaped(_TO_ESCAPE, text)}"'


def is_sure(text: str, written: str) -> bool:
    """Tell whether the text stands as it is, plain or in quotes, where it needs no escape: then it reads as nothing else."""
    if written == text:
        return _is_plain(text)
    return written == f'"{text}"' and _UNESCAPED.fullmatch(text) is not None


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and text.lower() not in _WORDS


def inline_scalar(value: object) -> str:
    """Return a number, a truth value or nothing; raises for what not every reader keeps, and for what is no scalar."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return _inline_int(value)
        case float():
            return _inline_float(value)
    raise TypeError(f"{type(value).__name__} is not a value that YAML can hold")


def _inline_int(number: int) -> str:
    if abs(number) > _LARGEST_INT:
        raise ValueError(f"{number} is beyond 2^53, where readers round; write it as text")
    return int.__repr__(number)


def _inline_float(number: float) -> str:
    """Return the number without an exponent: readers differ on `1e-05`, which YAML 1.1 takes for text."""
    if not abs(number) <= _LARGEST_INT:
        raise ValueError(f"{number} is not a number that every reader keeps; write it as text")
    mantissa, _, exponent = float.__repr__(number).partition("e-")
    if not exponent:
        return mantissa
    sign = "-" if number < 0 else ""
    return f"{sign}0.{'0' * (int(exponent) - 1)}{mantissa.lstrip('-').replace('.', '')}"


def fits_block(text: str) -> bool:
    """Tell whether a literal block holds the text so that neither a reader nor an editor changes it."""
    if "\n" not in text:
        return False
    is_usual = text.isascii() or max(text) < _HIDDEN  # beyond it there are printable ones that nobody sees
    if is_usual and text.replace("\n", "").isprintable():  # as most are: much faster for long ones
        return text[0] not in " \n" and not text.endswith((" ", "\n\n")) and " \n" not in text
    return not _NO_LITERAL_BLOCK.search(text) and (text.isascii() or not _unseen().search(text))


def block(text: str, pad: str) -> str:
    """Return the text as a literal block that stands deeper than `pad`; lines that are empty stay empty."""
    inner = f"{pad}  "
    lines = (
        text.removesuffix("\n").replace("\n", f"\n{inner}").replace(f"{inner}\n", "\n")
    )  # no line ends in blanks
    sign = "|" if text.endswith("\n") else "|-"
    return f" {sign}\n{inner}{lines}\n"


@cache  # made when a text beyond ASCII is met: it takes a millisecond
def _unseen() -> re.Pattern[str]:
    """Match what a reader beyond ASCII refuses, takes for a line break, or what nobody sees.

    These are the C1 controls, soft hyphen, zero-width and bidirectional marks, line and paragraph separators,
    byte order mark, tags, non-characters, and halves of surrogate pairs.
    """
    ranges = (
        r"\x80-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
        r"\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff"
    )
    ends_of_planes = (rf"\U{plane:04x}fffe\U{plane:04x}ffff" for plane in range(1, 17))
    return re.compile(f"[{ranges}{''.join(ends_of_planes)}]")


def _escaped(special: re.Pattern[str], text: str) -> str:
    """Return the text with what `special` matches, and what is unseen, as the escapes of a quoted scalar."""
    escaped = special.sub(_escape, text)
    return escaped if text.isascii() else _unseen().sub(_escape, escaped)


def _escape(match: re.Match[str]) -> str:
    code = _code_point(match[0])
    if code < 0x100:
        return _SHORT_ESCAPES.get(match[0]) or f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _escape_in_json(match: re.Match[str]) -> str:
    """Escape as JSON does, but nothing as a surrogate pair: kubectl's YAML parser refuses those."""
    code = _code_point(match[0])
    return f"\\u{code:04x}" if code < 0x10000 else match[0]


def without_unseen(json: str) -> str:
    """Return the JSON with escapes for what nobody sees in it."""
    return _unseen().sub(_escape_in_json, json.replace("\x7f", "\\u007f"))


def _code_point(char: str) -> int:
    if "\ud800" <= char <= "\udfff":
        raise ValueError(f"U+{ord(char):04X} is half of a surrogate pair, which no file in UTF-8 can hold")
    return ord(char)


def comment(header: str) -> str:
    """Return the header as comment lines; what a reader may take for the end of a line is escaped."""
    lines = _escaped(_CONTROL, header).split("\n") if header else []
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)
