"""What the compiler's nouns are made of: tuples whose places have names, made in a fraction of the instructions.

A compilation makes some 170 classes of these before it reads a byte. `typing.NamedTuple` looks at each annotation and
compiles a constructor from text, and a frozen dataclass compiles five functions; here all classes with as many fields
share the code of one constructor.

- `NamedTuple` is that of `typing`, for the reader, for mypy and, as a test holds it to, in what it does.
- `Record` is for what a frozen dataclass is for: it is equal to nothing of another class and no row of values, classes
  below it add fields, and `kw_only=True` in the head of a class has its fields given by name, in any order.
"""

import sys
from typing import TYPE_CHECKING, Any, ClassVar, Self, dataclass_transform

__all__ = ["NamedTuple", "Record"]

if TYPE_CHECKING:
    from typing import NamedTuple, TypeVar

    R = TypeVar("R", bound="Record")

    @dataclass_transform(frozen_default=True)
    class Record:
        """A noun."""

        _fields: ClassVar[tuple[str, ...]]

        def __init_subclass__(cls, *, kw_only: bool = False) -> None: ...

        def _replace(self, **changed: Any) -> Self:
            """The same with other values for these fields."""

        def _asdict(self) -> dict[str, Any]:
            """The fields by their names; what is in them stays as it is."""

        def _as(self, kind: "type[R]", **own: Any) -> "R":
            """The same as one of a class under its own, which has these fields besides."""

else:
    from collections import _tuplegetter  # read by C, as those of typing are
    from functools import cache
    from types import FunctionType, MappingProxyType

    @cache
    def _constructor(count: int):
        """The code of what makes a tuple of `count` fields, which are named f0, f1… here."""
        names = "".join(f"f{index}, " for index in range(count))
        return eval(f"lambda cls, {names}: make(cls, ({names}))").__code__

    def _first(cls, /, *values, **named):
        """Stands for the constructor of a class until one is made by it: half of the classes have none in a compilation."""
        fields, defaults = cls._fields, cls._field_defaults
        code = _constructor(len(fields)).replace(
            co_argcount=1 if cls._kw_only else 1 + len(fields),
            co_kwonlyargcount=len(fields) if cls._kw_only else 0,
            co_varnames=("cls", *fields),
            co_name="__new__",
            co_qualname=f"{cls.__name__}.__new__",
        )
        new = FunctionType(code, {"make": tuple.__new__}, "__new__")
        if cls._kw_only:
            new.__kwdefaults__ = defaults
        else:
            new.__defaults__ = tuple(defaults.values())
        cls.__new__ = new
        return new(cls, *values, **named)

    def _annotated(body):
        """The names that the body of a class annotates. From Python 3.14 on a function tells them."""
        if "__annotations__" in body or sys.version_info < (3, 14):
            return tuple(body.get("__annotations__", ()))
        from annotationlib import Format, call_annotate_function, get_annotate_from_class_namespace

        tell = get_annotate_from_class_namespace(body)
        return tuple(call_annotate_function(tell, Format.FORWARDREF)) if tell else ()

    class _Meta(type):
        """Makes the fields of a class from those of the class above it and from what it annotates."""

        def __new__(meta, name, bases, body, kw_only=False):
            own = _annotated(body)
            if hidden := [field for field in own if field.startswith("_")]:
                raise ValueError(f"a field cannot begin with an underscore: {hidden[0]!r}")
            fields = (*bases[0]._fields, *own)
            defaults = bases[0]._field_defaults | {field: body.pop(field) for field in own if field in body}
            if not kw_only and tuple(defaults) != fields[len(fields) - len(defaults) :]:
                raise TypeError(f"in {name}, a field without a default follows one that has one")
            about = {
                "__slots__": (),
                "_fields": fields,
                "_field_defaults": defaults,
                "_kw_only": kw_only,
                "__match_args__": fields,
            }
            getters = {field: _tuplegetter(fields.index(field), "") for field in own}
            return super().__new__(meta, name, bases, {"__new__": _first, **about, **getters, **body})

    class _Fields(tuple):
        """What all of them can do."""

        __slots__ = ()
        _fields = ()
        _field_defaults = MappingProxyType({})

        @classmethod
        def _make(cls, values):
            made = tuple.__new__(cls, values)
            if len(made) != len(cls._fields):
                raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
            return made

        def _replace(self, **changed):
            values = list(tuple.__iter__(self))
            for name, value in changed.items():
                if name not in self._fields:
                    raise ValueError(f"Got an unexpected field name: {name!r}")
                values[self._fields.index(name)] = value
            return self._make(values)

        def _asdict(self):
            return dict(zip(self._fields, tuple.__iter__(self), strict=True))

        def __reduce__(self):
            return type(self)._make, (tuple(tuple.__iter__(self)),)

        def __repr__(self):
            fields = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
            return f"{self.__class__.__name__}({fields})"

    class NamedTuple(_Fields, metaclass=_Meta):
        """As that of `typing`."""

    class Record(_Fields, metaclass=_Meta):
        """A noun. It is no row of values: nothing goes through its fields."""

        __iter__ = None

        def _as(self, kind, **own):
            names = kind._fields[len(self._fields) :]
            if own.keys() != {*names}:
                raise TypeError(f"{kind.__name__} has {names} besides, not {tuple(own)}")
            return kind._make((*tuple.__iter__(self), *map(own.get, names)))

        def __eq__(self, other):
            return type(self) is type(other) and tuple.__eq__(self, other)

        def __ne__(self, other):
            return not self == other

        __hash__ = tuple.__hash__
