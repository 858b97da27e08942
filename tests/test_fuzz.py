"""A small part of what `make fuzz` does, with other configs in every run but those of CI."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.source import Source, Span
from tests import fuzzing
from tests.examples import examples


@pytest.mark.parametrize(("mutations", "makes"), [(3000, 0), (0, 400)])
def test_any_config_is_compiled_or_refused_in_its_place(
    mutations: int, makes: int, tmp_path: Path, report: Callable[[str], None]
) -> None:
    seed = 0 if os.environ.get("CI") else random.randrange(2**32)
    mutations, makes = examples(mutations), examples(makes)
    fates, broken, slowest = fuzzing.run(mutations, makes, seed, fuzzing.project(tmp_path))
    report(f"{fuzzing.summary(fates, broken, slowest)} (seed {seed})")
    assert broken == []
    assert fates["compiled"] >= (mutations + makes) / 50
    assert fates["refused"] >= (mutations + makes) / 10


def test_what_is_broken_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The net holds: a raw character, a place that is not there and an exception are each seen."""
    folder = fuzzing.project(tmp_path)

    def broken() -> set[str]:
        _, found, _ = fuzzing.run(20, 0, 0, folder)
        return {finding.why.strip().splitlines()[-1] for finding in found}

    assert broken() == set()
    with monkeypatch.context() as patch:
        patch.setattr(fuzzing, "render", lambda found: "\x1b")
        assert broken() == {"U+001B is printed as it is"}
    with monkeypatch.context() as patch:
        nowhere = Diagnostic(Code.TAB, "a tab", Span(Source("x", "one line"), 2, 1, 2, 2))
        patch.setattr(fuzzing, "analyse", lambda *_: (None, [nowhere]))
        assert broken() == {"AML003 stands at 2:1, which is not there"}
    with monkeypatch.context() as patch:
        patch.setattr(fuzzing, "analyse", lambda *_: os.environ["GONE"])
        assert broken() == {"KeyError: 'GONE'"}
