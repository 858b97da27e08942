"""The variables that an engine hands over as words, texts that have them, and the file with all parameters.

It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping

from automl.runtime.folders import in_project, work
from automl.runtime.outputs import decode, shortened

INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9A-Fa-f]+")
REFERENCE = re.compile(r"@(?:@|\(([A-Za-z_][A-Za-z0-9_]*)\))")


def given(options: argparse.Namespace, command: list[str]) -> list[str]:
    """Set what the options of `start.py` say; return the command with the values of its variables."""
    fill(options.value, options.plain, options.set)
    if options.param or options.params_file:
        write_params(options.param, options.params_file)
    return [expanded(word) if number in options.expand else word for number, word in enumerate(command)]


def fill(encoded: Iterable[str], plain: Iterable[str], texts: Iterable[str]) -> None:
    """Set variables, each a word `NAME=TEXT`: to what was encoded, to the text, to a text with variables."""
    kinds: list[tuple[Iterable[str], Callable[[str], str]]] = [(encoded, decode), (plain, str)]
    for words, read in [*kinds, (texts, expanded)]:
        for name, _, text in (word.partition("=") for word in words):
            os.environ[name] = read(text)


def expanded(text: str) -> str:
    """The text with the values of variables for `@(NAME)`, and `@` for `@@`."""
    return REFERENCE.sub(lambda reference: variable(reference[1]) if reference[1] else "@", text)


def variable(name: str) -> str:
    """The value of a variable; ValueError if it has none."""
    if name not in os.environ:
        raise ValueError(f"the variable {name} is not set")
    return os.environ[name]


def variable_of(kind: str, name: str) -> str:
    """The variable for a parameter or an output."""
    return f"AUTOML_{kind}_{name.replace('-', '_').upper()}"


def write_params(params: Iterable[str], copy: str) -> None:
    """Write the parameters, each `NAME:TYPE`, to the file that $AUTOML_PARAMS_FILE names, and to a copy in the project."""
    pairs = [param.split(":") for param in params]
    text = json_text({name: parameter(name, type) for name, type in pairs})
    own = work() / "params.json"
    files = [own, *([in_project(copy)] if copy else [])]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    os.environ["AUTOML_PARAMS_FILE"] = str(own)


def parameter(name: str, type: str) -> object:
    """The value of a parameter; ValueError if it is none of its type: an engine may start a run with any text."""
    text = variable(variable_of("PARAM", name))
    try:
        return AS[type](text)
    except (ValueError, OverflowError):
        raise ValueError(f"the parameter {name!r} must be {EXPECTED[type]}, not {shortened(text)}") from None


def json_text(params: Mapping[str, object]) -> str:
    """JSON that is YAML too, which papermill reads; it knows no escape by two halves of a character."""
    lines = [f"  {json.dumps(name)}: {scalar(value)}" for name, value in params.items()]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    return "".join(c if c == "\n" or " " <= c <= "~" or c > "\uffff" else f"\\u{ord(c):04x}" for c in text)


def scalar(value: object) -> str:
    """One value. A number with an exponent has a point too, lest YAML takes it for text."""
    if isinstance(value, list):
        return f"[{', '.join(map(scalar, value))}]"
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("e", ".0e") if isinstance(value, float) and "." not in text and "e" in text else text


def whole(text: str) -> int:
    """A whole number as YAML writes it; ValueError if it is none."""
    if not INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))


def real(text: str) -> float:
    """A number as YAML writes it; ValueError if it is none."""
    if INTEGER.fullmatch(text):
        return float(whole(text))
    if "_" in text:  # which Python alone would pass over
        raise ValueError(text)
    return float(re.sub(r"\.(inf|nan)$", r"\1", text.lower()))


def truth(text: str) -> bool:
    """True or false as YAML writes it; ValueError if it is neither."""
    return bool(("false", "true").index(text.lower()))


AS: Mapping[str, Callable[[str], object]] = {
    "text": str,
    "int": whole,
    "float": real,
    "bool": truth,
    "json": json.loads,
}
EXPECTED: Mapping[str, str] = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "json": "JSON",
}
