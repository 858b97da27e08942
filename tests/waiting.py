"""How the tests wait for what another process does."""

import time
from collections.abc import Callable

PATIENCE = 240
"""Seconds, on a machine that does much else; a wait stands only against a hang.

Where the first process of a machine reaps others late, podman waits 20 s for the monitor of each container.
"""


def until(condition: Callable[[], object]) -> None:
    """Wait for something that has to become so."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)
