"""Values that tasks hand on: what may be one, and how it travels through engines that read text as something of theirs.

It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path

LIMIT = 3 * 1024  # bytes of all values of a task together
LONGEST_MESSAGE = 4096  # bytes, with names and lengths, which is what a kubelet reads
_AS_IT_IS = (
    "-_.~ /:;,=@+!*()<>?&#|^[]"  # beside letters and digits: nothing by which anything is found or quoted
)
_ENCODED = re.compile("(?:[A-Za-z0-9" + re.escape(_AS_IT_IS) + "]|%[0-9A-Fa-f][0-9A-Fa-f])*")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_NUMBER = re.compile(r"[-+]?((\d+\.?\d*|\.\d+)(e[-+]?\d+)?|inf(inity)?|nan)", re.ASCII | re.IGNORECASE)
_FRAME = re.compile(rb"([A-Za-z0-9_-]+) (\d+)\n")
# What would not arrive of a value that is in no code. The paths are of argo-workflows 3.7.18, and of Kubernetes.
_CHANGED = re.compile(
    r"\{\{"  # a tag to Argo (util/template/template.go), which runs Kubeflow's pipelines, and to Kubeflow's launcher
    r"|[$](?:[$]|\([^)]*\)|[^\0-\x7f])"  # expanded or broken (third_party/forked/golang/expansion/expand.go)
    # quoted by Go, and then no JSON: the run ends (util/template/simple_template.go, strconv.Quote)
    "|[\0-\x07\v\x0e-\x1f\x7f\U00010000-\U0001f2ff\U0001f650-\U0001f67f\U0001f6c6-\U0010ffff]"
    r"|\n\Z"  # dropped (workflow/executor/executor.go, SaveParameters)
)


def encode(text: str) -> str:
    """The text in letters that no engine, no shell and no kubelet takes for something else; an ordinary value as it is."""
    return "".join(map(_encoded, text.encode()))


def _encoded(byte: int) -> str:
    character = chr(byte)
    is_kept = character in _AS_IT_IS or (character.isascii() and character.isalnum())
    return character if is_kept else f"%{byte:02X}"


def decode(encoded: str) -> str:
    """The text that was encoded; ValueError if none was."""
    if not _ENCODED.fullmatch(encoded):
        raise ValueError(f"{encoded[:100]!r} is no value that a step has handed on")
    return _ESCAPE.sub(lambda escape: bytes([int(escape[1], 16)]), encoded.encode()).decode()


def unchanged(name: str, text: str) -> str:
    """The text, which arrives as it is in no code either; ValueError if it would not."""
    if changed := _CHANGED.search(text):
        raise ValueError(
            f"the output {name!r} goes to a step whose code is in its image, which would not get {changed[0]!r} as it "
            f"is: {shortened(text)}; hand it on as a file"
        )
    return text


def framed(values: Mapping[str, str]) -> bytes:
    """The values as one message: for each its name, its length in bytes, and itself."""
    parts = [(name.encode(), text.encode()) for name, text in values.items()]
    return b"".join(b"%s %d\n%s\n" % (name, len(content), content) for name, content in parts)


def unframed(message: bytes) -> dict[str, str]:
    """The values in a message; ValueError if it is none."""
    values: dict[str, str] = {}
    while message:
        head = _FRAME.match(message)
        end = head.end() + int(head[2]) if head else -1
        if not head or message[end : end + 1] != b"\n":
            raise ValueError(f"no values are in the message {message[:100]!r}")
        values[head[1].decode()] = message[head.end() : end].decode()
        message = message[end + 1 :]
    return values


def read(name: str, type: str, file: Path) -> str:
    """The value that a program has left in a file; ValueError if it is none of its type."""
    size = file.stat().st_size
    if size > LIMIT + 1:
        raise ValueError(
            f"the output {name!r} takes {size:,} bytes; a value may have {LIMIT:,}, so make it a file"
        )
    return checked(name, type, file.read_bytes())


def checked(name: str, type: str, content: bytes) -> str:
    """The value that a program has left; ValueError if it is none of its type. One newline at its end is dropped."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise ValueError(f"the output {name!r} is no text in UTF-8; hand it on as a file") from None
    text = text[:-1] if text.endswith("\n") else text
    if "\0" in text:
        raise ValueError(f"the output {name!r} has a character U+0000; hand it on as a file")
    try:
        return _AS[type](text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the output {name!r} is not {error}: {shortened(text)}") from None


def shortened(text: str) -> str:
    """The text in quotes, as far as it fits a line."""
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def refuse_too_much(values: Mapping[str, str]) -> None:
    """ValueError if the values of a task are too much together."""
    size = sum(len(text.encode()) for text in values.values())
    if size > LIMIT:
        many = (
            f"the values {', '.join(values)} take"
            if len(values) > 1
            else f"the output {next(iter(values))!r} takes"
        )
        raise ValueError(f"{many} {size:,} bytes; at most {LIMIT:,} can be handed on, so hand on a file")


def _int(text: str) -> str:
    if not re.fullmatch(r"[-+]?\d+", text.strip(), re.ASCII):
        raise ValueError("a whole number")
    return text.strip()


def _float(text: str) -> str:
    if not _NUMBER.fullmatch(text.strip()):
        raise ValueError("a number")
    return text.strip()


def _bool(text: str) -> str:
    if text.strip().lower() not in ("true", "false"):
        raise ValueError("true or false")
    return text.strip().lower()


def _json(text: str) -> str:
    _loaded(text, "JSON")
    return text


def _metrics(text: str) -> str:
    expected = "a JSON object of finite numbers"
    metrics = _loaded(text, expected)
    if not isinstance(metrics, dict) or not all(map(_is_finite, metrics.values())):
        raise ValueError(expected)
    return text


def _is_finite(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _loaded(text: str, expected: str) -> object:
    try:
        return json.loads(text, parse_int=float, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ValueError(expected) from None


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


_AS: Mapping[str, Callable[[str], str]] = {
    "text": str,
    "int": _int,
    "float": _float,
    "bool": _bool,
    "json": _json,
    "metrics": _metrics,
}
