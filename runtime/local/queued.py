"""The turn of a run that shares the machine with others: it asks for its share, and waits in the queue for it."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from automl.runtime.local import gpus, machine
from automl.runtime.local.plan import Task
from automl.runtime.local.processes import started_at
from automl.runtime.local.queue import RUNNING, WITHDRAWN, Queue, Ticket, this_machine
from automl.runtime.local.request import share_of
from automl.runtime.local.sharing import Share
from automl.runtime.local.turn import QueueError, Withdrawn


class Queued:
    """A place in the queue."""

    def __init__(self, queue: Queue, ticket: Ticket) -> None:
        self.queue, self.ticket = queue, ticket
        self.number: int | None = None
        self.variables: Mapping[str, str] = _variables(())
        self.gpus: Sequence[str] = ()

    def waits_for(self) -> str:
        """Why the run has to wait; nothing once it may begin."""
        try:
            self.number = self.number or self.queue.enter(self.ticket)
        except QueueError as error:
            return self._without(error)
        try:
            return self._look(self.number)
        except QueueError as error:
            return f"for the queue: {error}"

    def leave(self) -> None:
        """Give back what the run has; should that fail, others see that its program is no more."""
        if self.number is not None:
            with suppress(QueueError):
                self.queue.leave(self.number, self.ticket)

    def _look(self, number: int) -> str:
        entries = self.queue.look()
        mine = [entry for entry in entries if entry.row.number == number and entry.ticket == self.ticket]
        if not mine:
            self.number = None  # the file is another one by now
            return "for its turn"
        if mine[0].state == WITHDRAWN:
            raise Withdrawn
        if mine[0].state == RUNNING:
            self.gpus = mine[0].row.has or ()
            self.variables = _variables(self.gpus)
        return self.queue.why(mine[0], entries)

    def _without(self, error: QueueError) -> str:
        """A machine that may be too full is better than no run; a GPU that another run has is not."""
        if self.ticket.share.gpus:
            raise error
        print(f"automl: the run does not wait for others: {error}", file=sys.stderr)
        return ""


def queued(folder: Path, tasks: Sequence[Task], options: argparse.Namespace) -> Queued:
    """The turn of a run with these tasks. QueueError if it asks for more than there is."""
    queue = this_machine()
    try:
        choices = gpus.choices(tasks) if options.gpus or gpus.are_asked_for(tasks) else ()
        share = share_of(tasks, options, Share(queue.cpu, queue.memory, len(choices)))
    except ValueError as error:
        raise QueueError(str(error)) from None
    about = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    ticket = Ticket(
        folder.name,
        str(folder),
        about.get("user", ""),
        share,
        os.getpid(),
        started_at(os.getpid()),
        time.time(),
        options.priority or "normal",
        choices,
    )
    if not share.gpus and machine.hides_gpus():
        print(f"automl: {machine.HIDDEN}", file=sys.stderr)
    return Queued(queue, ticket)


def _variables(numbers: Sequence[str]) -> dict[str, str]:
    """What tells the tasks which GPUs are theirs: none if the run has asked for none, and nobody else has said so."""
    if numbers:
        return machine.variables(numbers)
    return machine.variables(()) if machine.hides_gpus() else {}
