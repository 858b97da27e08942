"""Names of templates and tasks, as Argo can evaluate them."""

import pytest

from automl.targets.dag.names import TaskNames

WORDS = ("if", "else", "let", "in", "not", "and", "or", "matches", "contains", "true", "false", "nil")


@pytest.mark.parametrize("word", [*WORDS, "3d"])
def test_a_word_that_argo_would_read_is_no_name(word: str) -> None:
    assert TaskNames().take(word) == f"step-{word}"


def test_every_name_is_given_once() -> None:
    names = TaskNames(["-driver"])
    wanted = ["in", "step-in", "a-driver", "a", "a", "in-driver", "x" * 63, "x" * 63]
    found = [names.take(word) for word in wanted]
    assert found[:6] == ["step-in", "step-in-2", "a-driver", "a-2", "a-3", "in-driver"]
    assert len({*found, *(f"{name}-driver" for name in found)}) == 2 * len(found)
    assert {len(name) for name in found[6:]} == {63}
