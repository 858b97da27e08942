"""Values as JSON, for hashes and for sizes: as we write it, and as Go does."""

import json

from automl.targets.writers.yaml import Value

_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
_ESCAPED_BY_GO = {sign: f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def canonical(value: Value) -> str:
    """JSON without blanks, the same on every machine."""
    return _ENCODER.encode(value)


def size_of(value: Value) -> int:
    """The bytes of a value as JSON, the form in which Kubernetes counts."""
    return len(canonical(value).encode())


def go_json(value: Value) -> str:
    """JSON as Go writes it, in which some characters are escapes of six bytes."""
    text = canonical(value)
    for sign, escape in _ESCAPED_BY_GO.items():
        text = text.replace(sign, escape)
    return text


def size_as_text(text: str) -> int:
    """The bytes of a JSON text as a text in JSON, where each quote and each backslash is one byte more."""
    return len(text.encode()) + text.count('"') + text.count("\\") + 2


def size_in_go(value: Value) -> int:
    """The bytes of a value as JSON in Go's manner, in which Argo and Kubeflow hand it on."""
    return len(go_json(value).encode())
