"""From bytes to text: UTF-8 of a size that can be looked at, without signs that nobody sees."""

import re
from itertools import islice

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.patterns import regex
from automl.compiler.source import Source

MAX_BYTES = 16 * 1024 * 1024
MOST_CHARACTERS_NAMED = 20  # of those that are not allowed
_FORBIDDEN = regex("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


def decode(path: str, data: bytes) -> tuple[Source, list[Diagnostic]]:
    """The text of a file, and what forbids to read it as YAML."""
    if len(data) > MAX_BYTES:
        source = Source(path, "")
        message = f"the file has more than {MAX_BYTES // 1024**2} MiB"
        return source, [Diagnostic(Code.TOO_LARGE, message, source.start())]
    try:
        source = Source(path, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return _undecodable(path, data, error)
    if source.text.replace("\n", "").isprintable():  # as most are: none of those is
        return source, []
    matches = islice(_FORBIDDEN.finditer(source.text), MOST_CHARACTERS_NAMED)
    return source, [_forbidden(source, match) for match in matches]


def _undecodable(path: str, data: bytes, error: UnicodeDecodeError) -> tuple[Source, list[Diagnostic]]:
    source = Source(path, data.decode("utf-8-sig", "replace"))
    is_utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    what = "the file is UTF-16" if is_utf16 else f"byte 0x{error.object[error.start]:02x} is not UTF-8"
    span = source.span_at(len(error.object[: error.start].decode()))
    return source, [Diagnostic(Code.ENCODING, what, span, help="save the file as UTF-8")]


def _forbidden(source: Source, match: "re.Match[str]") -> Diagnostic:
    message = f"control character U+{ord(match.group()):04X} is not allowed"
    help = 'remove it, or write it as an escape in double quotes, for instance "\\x1b"'
    return Diagnostic(Code.CONTROL_CHARACTER, message, source.span_at(match.start()), help=help)
