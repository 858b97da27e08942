"""Names: the DNS labels that every engine accepts, made from what the user wrote, and what Kubernetes takes."""

from automl.compiler.patterns import regex
from automl.compiler.values.sha256 import sha256

LONGEST = 63  # a DNS label (RFC 1123); also the longest value of a Kubernetes label
LONGEST_SUBDOMAIN = 253  # labels with dots between them, together
_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = regex(rf"{_LABEL}(\.{_LABEL})*\Z")
_OUTSIDE_LABEL_VALUE = regex("[^A-Za-z0-9_.-]+")
_OUTSIDE = regex("[^a-z0-9]+")
_HASH_LENGTH = 8


def dns_label(text: str, longest: int = LONGEST) -> str:
    """Lower-case letters, digits and single dashes, at most `longest`; empty if nothing is left."""
    return cut(_OUTSIDE.sub("-", text.lower()).strip("-"), longest)


def is_dns_label(text: str) -> bool:
    """Whether it is a label of RFC 1123 as it stands, for instance the name of a namespace."""
    return is_dns_subdomain(text) and "." not in text and len(text) <= LONGEST


def is_dns_subdomain(text: str) -> bool:
    """Whether Kubernetes takes it for a subdomain of RFC 1123, for instance the name of a Secret."""
    return len(text) <= LONGEST_SUBDOMAIN and _SUBDOMAIN.match(text) is not None


def label_value(text: str) -> str:
    """Free text as the value of a label: at most 63 characters, a letter or digit first and last; maybe nothing."""
    return _OUTSIDE_LABEL_VALUE.sub("-", text)[:LONGEST].strip("-_.")


def cut(name: str, longest: int = LONGEST) -> str:
    """The name itself, or its start and a hash of the whole, so that long names stay different."""
    if len(name) <= longest:
        return name
    return f"{name[: longest - _HASH_LENGTH - 1].rstrip('-.')}-{digest(name)}"


def with_suffix(name: str, suffix: str, longest: int = LONGEST, separator: str = "-") -> str:
    """`name-suffix`; where the two are too long the name is cut, or, if little would be left of it, the whole."""
    room = longest - len(suffix) - len(separator)
    if room < 2 * _HASH_LENGTH:
        return cut(f"{name}{separator}{suffix}", longest)
    return f"{cut(name, room)}{separator}{suffix}"


def member(workflow: str, task: str, longest: int = LONGEST) -> str:
    """`workflow--task`. No DNS label of `dns_label` has two dashes in a row, so no other two names make it."""
    return with_suffix(workflow, task, longest, separator="--")


def digest(text: str) -> str:
    """Eight hexadecimal digits of SHA-256, the same on every machine."""
    return sha256(text.encode()).hexdigest()[:_HASH_LENGTH]
