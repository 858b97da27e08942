"""Lines for who looks on while a run goes on."""

from __future__ import annotations

import os
from contextlib import suppress


def say(line: str) -> None:
    """A line for who looks on; if nobody does any more, the run goes on."""
    with suppress(OSError):
        os.write(1, f"{line}\n".encode(errors="backslashreplace"))


def complain(line: str) -> None:
    """A line for who wants to know what is wrong."""
    with suppress(OSError):
        os.write(2, f"automl: {line}\n".encode(errors="backslashreplace"))
