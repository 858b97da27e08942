"""No regular expression backtracks without end: twice the text takes no more than about twice the time."""

import importlib
import itertools
import pkgutil
import re
import time
from collections.abc import Iterator
from types import ModuleType

import pytest

from automl.compiler.patterns import regex
from automl.compiler.values import credentials
from tests.examples import examples

SHORTEST = 3_000
LENGTH = max(examples(12_000), SHORTEST)
UNITS = [
    *("a", "A", "0", " ", "\n", "\t", ".", "-", "_", "/", ":", "=", "@", '"', "'", "$", "{", "*", "é", "\\", "x", "|", "#"),
    *("a.", "a-", "a_", "a/", "a:", "a=", "a@", "a ", " a", "a\n", "\n ", "1h", "1m", "1 h, and ", "1.", "1:", "0,", "1_", "a1", "aA"),
    *("sk-", "sk-a", "sk-ant-", "eyJ", "eyJa.", "eyJaaaaaaaaaaa.", "ghp_", "xoxb-", "://", "://a:", "://a:b", "://:", "$1$a", "$2y$10$"),
    *("machine ", "machine a login b ", "SG.", "AIza", "AKIA", "-----BEGIN ", "-----BEGIN A ", "TOKEN=", "A_TOKEN", "--a-token ", "a=b "),
    *("ssh://", "a@b:", "http://a/", "../", "..", "**/", "/**", "[", "]", "a:a", "sha256:", "{{", "$(", "\r\n", "\n\n", "glpat-", "sig="),
    *("a\tTRUE\t/", "Cookie: ", "Cookie: a=", "_auth=", ":AA", "1:AA", "IDENTIFIED BY '", '"auth": "', "Authorization: Bearer "),
]  # fmt: skip
ENDS = ["", "!", "@"]
LATER = type(regex(""))  # what is compiled when it is first used
BOUNDED = {
    ("automl.compiler.values.units", "_DURATION"),  # its callers cut what is longer than a line
    ("automl.runtime.start", "BUILD_SYSTEM"),  # of a file of the user's own, where it runs
}


def modules() -> Iterator[ModuleType]:
    yield importlib.import_module(
        "automl.runtime.start"
    )  # the others import each other as the pod has them, and have none
    for name in ("cli", "compiler", "targets"):
        package = importlib.import_module(f"automl.{name}")
        yield package
        for info in pkgutil.walk_packages(package.__path__, f"automl.{name}."):
            if not info.name.endswith("__main__"):
                yield importlib.import_module(info.name)


def patterns_in(value: object) -> Iterator[re.Pattern[str]]:
    if isinstance(value, LATER):
        value = re.compile(value.pattern, value.flags)
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif isinstance(value, credentials._Shape):
        yield value.pattern
    elif isinstance(value, tuple):
        for part in tuple.__iter__(value):
            yield from patterns_in(part)


def ways(module: ModuleType, name: str) -> set[str]:
    """The methods by which a pattern is used; what is in a tuple may be searched."""
    source = importlib.util.find_spec(module.__name__).loader.get_source(module.__name__)  # type: ignore
    found = set(re.findall(rf"\b{name}\.(\w+)\(", source))
    return found & {"match", "fullmatch", "search", "finditer", "sub", "split"} or {"match"}


def everything() -> dict[str, tuple[re.Pattern[str], set[str]]]:
    found = {}
    for module in modules():
        for name, value in vars(module).items():
            for number, pattern in enumerate(patterns_in(value)):
                used = (
                    {"finditer"} if module is credentials and isinstance(value, tuple) else ways(module, name)
                )
                if (module.__name__, name) not in BOUNDED:
                    found[f"{module.__name__}.{name}.{number}"] = (pattern, used)
    return found


PATTERNS = everything()


def seconds(pattern: re.Pattern[str], way: str, text: str) -> float:
    start = time.process_time()
    if way == "finditer":
        for _ in pattern.finditer(text):
            pass
    elif way == "sub":
        pattern.sub("", text)
    else:
        getattr(pattern, way)(text)
    return time.process_time() - start


def test_they_are_found() -> None:
    assert len(PATTERNS) > 80


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_takes_time_by_the_length_of_its_text(name: str) -> None:
    pattern, used = PATTERNS[name]
    for way, unit, end in itertools.product(used, UNITS, ENDS):
        short, long = (unit * (length // len(unit)) + end for length in (LENGTH, 2 * LENGTH))
        if seconds(pattern, way, long) < 0.02:
            continue
        before, took = (min(seconds(pattern, way, text) for _ in range(3)) for text in (short, long))
        assert took < 3 * before + 0.01, f"{unit!r}, {end!r}: {before:.3f} s, {took:.3f} s for twice as much"


def test_a_pattern_that_backtracks_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is how tokens of OpenAI were looked for once: 100 KB of `sk-` took 22 seconds."""
    once = re.compile(r"\bsk-([a-z]+-)*[A-Za-z0-9_]{32,}")
    monkeypatch.setitem(globals(), "LENGTH", SHORTEST)  # what is found there is found in more
    monkeypatch.setitem(PATTERNS, "once", (once, {"search"}))
    with pytest.raises(AssertionError, match="for twice as much"):
        test_a_pattern_takes_time_by_the_length_of_its_text("once")
