"""Regular expressions that are compiled when they are first used: most are for what few configs have."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, AnyStr, cast

_METHODS = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub")
_compile = re.compile


class _Pattern:
    """Looks like the compiled one, to the functions of `re` too, and has its methods as soon as one is called."""

    __slots__ = ("_flags", "_text", *_METHODS)
    __class__: Any = re.Pattern

    def __init__(self, text: str | bytes, flags: int) -> None:
        self._text, self._flags = text, flags

    def __getattr__(self, name: str) -> Any:
        return partial(self._called, name) if name in _METHODS else getattr(self._compiled(), name)

    def _called(self, name: str, *texts: Any, **bounds: Any) -> Any:
        return getattr(self._compiled(), name)(*texts, **bounds)

    def _compiled(self) -> Any:
        compiled = _compile(self._text, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return compiled


def regex(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` gives, later; an expression that is none is found out with the first text."""
    return cast("re.Pattern[AnyStr]", _Pattern(pattern, flags))


@contextmanager
def compiled_later() -> Iterator[None]:
    """Within it, what is imported gets from `re.compile` what `regex` gives.

    To compile the expressions of PyYAML and of what typer imports takes a seventh of a small compilation, which uses
    none of them.
    """
    vars(re)["compile"] = regex
    try:
        yield
    finally:
        vars(re)["compile"] = _compile
