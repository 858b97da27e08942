"""What tells of runs and what runs them share no module, and say the same words."""

from automl.runs import model
from automl.runtime.local import history

NAMES = ("WAITING", "RUNNING", "SUCCEEDED", "FAILED", "SKIPPED", "STOPPED", "ENDED")


def test_states_are_called_the_same() -> None:
    assert [getattr(model, name) for name in NAMES] == [getattr(history, name) for name in NAMES]
