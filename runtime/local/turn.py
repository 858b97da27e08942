"""When a run may begin: it may have to wait until what it needs is free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class QueueError(Exception):
    """The run cannot wait for its turn, and why."""


class Withdrawn(Exception):
    """Somebody has taken the run out of the queue."""


class Turn(Protocol):
    """The place of a run in the queue."""

    variables: Mapping[str, str]
    """What all its tasks are told once it may begin, for instance which GPUs are theirs."""

    gpus: Sequence[str]
    """The numbers of the GPUs that the run has then."""

    def waits_for(self) -> str:
        """Why the run has to wait; nothing once it may begin. It is asked again every second.

        QueueError, Withdrawn: it will not begin.
        """

    def leave(self) -> None:
        """Give back what the run has, or its place in the queue."""


class AtOnce:
    """The turn of a run that waits for nobody."""

    variables: Mapping[str, str] = {}

    def __init__(self, gpus: Sequence[str] = ()) -> None:
        self.gpus = gpus

    def waits_for(self) -> str:
        """Nothing."""
        return ""

    def leave(self) -> None:
        """There is nothing to give back."""
