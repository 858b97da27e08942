"""`NamedTuple` for the compiler's nouns: the interface of that of `typing`, made in a fifth of its instructions.

A compilation makes some 150 of these classes before it reads a byte. `typing.NamedTuple` looks at each annotation, makes
the class twice, and compiles a constructor from text; here the constructors of all classes with as many fields share one code.
"""

from __future__ import annotations

from functools import cache
from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import CodeType
    from typing import NamedTuple as NamedTuple  # noqa: PLC0414 - to be imported from here
else:
    from collections import _tuplegetter  # read by C, as those of typing are

    @cache
    def _constructor(count: int) -> CodeType:
        """The code of what makes a tuple of `count` fields, named f0, f1… here, by position or by name."""
        names = "".join(f"f{index}, " for index in range(count))
        function = eval(f"lambda cls, {names}: make(cls, ({names}))")
        return function.__code__

    class _Meta(type):
        """Makes the fields of a class from what it annotates; a class under that one is an ordinary class."""

        def __new__(meta, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            if NamedTuple not in bases:
                return super().__new__(meta, name, bases, body)
            fields = tuple(body.get("__annotations__", ()))
            if hidden := [field for field in fields if field.startswith("_")]:
                raise ValueError(f"a field cannot begin with an underscore: {hidden[0]!r}")
            defaults = {field: body.pop(field) for field in fields if field in body}
            if tuple(defaults) != fields[len(fields) - len(defaults) :]:
                raise TypeError(f"in {name}, a field without a default follows one that has one")
            code = _constructor(len(fields)).replace(
                co_varnames=("cls", *fields), co_name="__new__", co_qualname=f"{name}.__new__"
            )
            new = FunctionType(code, {"make": tuple.__new__}, "__new__", tuple(defaults.values()) or None)
            getters = {field: _tuplegetter(index, "") for index, field in enumerate(fields)}
            own = {"__slots__": (), "_fields": fields, "_field_defaults": defaults, "__match_args__": fields}
            return super().__new__(meta, name, bases, {**own, "__new__": new, **getters, **body})

    class _Record(tuple):
        """What all of them can do."""

        __slots__ = ()

        @classmethod
        def _make(cls, values):
            made = tuple.__new__(cls, values)
            if len(made) != len(cls._fields):
                raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
            return made

        def _replace(self, **changed):
            made = self._make(map(changed.pop, self._fields, self))
            if changed:
                raise ValueError(f"Got unexpected field names: {list(changed)!r}")
            return made

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __getnewargs__(self):
            return tuple(self)

        def __repr__(self):
            fields = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
            return f"{self.__class__.__name__}({fields})"

    NamedTuple = type.__new__(_Meta, "NamedTuple", (_Record,), {"__slots__": ()})
