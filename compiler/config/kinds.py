"""What the fields of a noun say of themselves: which key of the config each has, and of what kind its value is.

A field has the key of its name. `Annotated[…, "history.success"]` names another key, or one below it, and `""` the keys
around the field themselves; `Annotated[…, parse]` has the reader of a little language. `GIVEN` has no key at all, and
`NAMED` is of the user's own key that leads to the noun, as the outputs of a step have.
"""

from collections.abc import Callable, Iterator
from inspect import get_annotations
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from automl.compiler.config.located import Name
from automl.compiler.records import NamedTuple
from automl.compiler.source import Pair, Span, Written

GIVEN: Final = "given"
NAMED: Final = "*"
Keys = tuple[str, ...]  # that lead to a value


class Kind(NamedTuple):
    """A kind of value. `type` is what it is where it is not None, `parse` what reads its text."""

    type: Any
    keys: Keys
    parse: Callable[[str], object] | None
    is_optional: bool

    @property
    def is_noun(self) -> bool:
        """Whether it has keys of its own."""
        is_record = isinstance(self.type, type) and hasattr(self.type, "_fields")
        return is_record and not self.parse and self.type not in (Name, Pair, Span)

    @property
    def is_place(self) -> bool:
        """Whether it is where a value stands, or how it was written, and not a value."""
        return self.type in (Span, Written)

    @property
    def item(self) -> "Kind | None":
        """The kind of its items, or of what it locates."""
        inner = get_args(self.type)
        return kind_of(inner[0], ()) if inner else None


def kinds_of(noun: type) -> dict[str, Kind]:
    """The kinds of the fields that have a key."""
    hints = {name: hint for base in reversed(noun.__mro__) for name, hint in get_annotations(base).items()}
    names = [name for name, hint in hints.items() if not {GIVEN, NAMED} & {*_extras(hint)}]
    return {name: _kind_of_field(name, hints[name]) for name in names}


def _extras(hint: Any) -> tuple[Any, ...]:
    return tuple(get_args(hint)[1:]) if get_origin(hint) is Annotated else ()


def _kind_of_field(name: str, hint: Any) -> Kind:
    key = next((extra for extra in _extras(hint) if isinstance(extra, str)), name)
    kind = kind_of(hint, tuple(filter(None, key.split("."))))
    return Kind(kind.type, (), None, False) if kind.is_place and key == name else kind


def kind_of(hint: Any, keys: Keys) -> Kind:
    """The kind that a type says, without what is around it: `Annotated[int, parse] | None`."""
    parse, is_optional = None, False
    while (origin := get_origin(hint)) in (Annotated, Union, UnionType):
        parse = next(filter(callable, _extras(hint)), parse)
        hint, *others = get_args(hint)
        is_optional = is_optional or (origin is not Annotated and NoneType in others)
    return Kind(hint, keys, parse, is_optional)


def keys_of(noun: type, around: str = "") -> Iterator[str]:
    """The keys that a noun and those in it have, each with those around it."""
    for kind in kinds_of(noun).values():
        key = joined(around, kind.keys)
        inner = kind.item or kind
        if not kind.is_place:
            yield from keys_of(inner.type, key) if inner.is_noun else ()
            yield key


def joined(around: str, keys: Keys) -> str:
    """A key with those around it."""
    return ".".join(filter(None, (around, *keys)))
