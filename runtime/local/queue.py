"""The queue of the runs on this machine: a file that all of them look into each second, and no program that minds it.

Whoever looks lets all begin that may, and takes away those that ended without a word. A process is known by its number
and by when it began; a run whose program was killed keeps what it has as long as processes of it live.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from automl.runtime.local import machine
from automl.runtime.local.processes import is_alive, members
from automl.runtime.local.queue_file import QueueFile, default_path
from automl.runtime.local.sharing import Row, Share, after_all_turns, in_order, reason

WAITING, RUNNING, WITHDRAWN = "waiting", "running", "withdrawn"


@dataclass(frozen=True)
class Ticket:
    """Who asks, and for what."""

    run: str
    folder: str
    owner: str
    share: Share
    pid: int
    pid_started: str
    since: float  # seconds since 1970, for people alone: clocks are set
    priority: str = "normal"
    choices: tuple[str, ...] = ()  # the GPUs that it can have

    @staticmethod
    def from_json(text: str) -> Ticket:
        """The ticket that a text holds."""
        content = json.loads(text)
        share, choices = Share(*content.pop("share")), tuple(content.pop("choices"))
        return Ticket(**content, share=share, choices=choices)


class Entry(NamedTuple):
    """A run in the file."""

    row: Row
    ticket: Ticket
    state: str

    def is_over(self) -> bool:
        """Whether nothing lives any more that could wait, or have something."""
        if is_alive(self.ticket.pid, self.ticket.pid_started):
            return False
        return self.state != RUNNING or not any(members(self.ticket.run))

    def shown(self, why: str = "") -> dict[str, Any]:
        """What there is to tell of it, for JSON."""
        told = asdict(self.ticket)
        del told["choices"]
        share = told.pop("share")._asdict()
        return {**told, **share, "state": self.state, "reason": why, "has": list(self.row.has or ())}


class Queue:
    """The runs that share a machine with so many millicores and bytes. Each method may end with QueueError."""

    def __init__(self, file: QueueFile, cpu: int, memory: int) -> None:
        self.file, self.cpu, self.memory = file, cpu, memory

    def enter(self, ticket: Ticket) -> int:
        """Get a place behind the others; return its number. An earlier program of the run has none any more."""

        def change(connection: sqlite3.Connection) -> int:
            for entry in _entries(connection):
                if entry.ticket.folder == ticket.folder:
                    _remove(connection, entry.row.number)
            values = (WAITING, json.dumps(asdict(ticket)))
            cursor = connection.execute("insert into runs (state, ticket) values (?, ?)", values)
            return int(cursor.lastrowid or 0)

        return self.file.change(change)

    def look(self) -> list[Entry]:
        """Those that wait or run, when all have begun that may now."""
        entries = self.file.read(_entries)
        return entries if self._settled(entries) == entries else self.file.change(self._settle)

    def leave(self, number: int, ticket: Ticket) -> None:
        """Give up a place, and what comes with it."""

        def change(connection: sqlite3.Connection) -> None:
            if any(entry.row.number == number and entry.ticket == ticket for entry in _entries(connection)):
                _remove(connection, number)

        self.file.change(change)

    def withdraw(self, owner: str | None = None, runs: Path | None = None) -> list[Entry]:
        """Take out those that wait, of an owner, or in a folder of runs; their programs will see that, and end."""

        def change(connection: sqlite3.Connection) -> list[Entry]:
            waiting = [
                entry for entry in _entries(connection) if entry.state == WAITING and not entry.is_over()
            ]
            mine = [entry for entry in waiting if owner in (None, entry.ticket.owner)]
            those = [entry for entry in mine if runs is None or _is_in(entry.ticket.folder, runs)]
            for entry in those:
                values = (WITHDRAWN, entry.row.number)
                connection.execute("update runs set state = ? where number = ?", values)
            return those

        return self.file.change(change)

    def why(self, entry: Entry, entries: Sequence[Entry]) -> str:
        """Why a run waits; nothing if it does not."""
        rows = [other.row for other in entries if other.state != WITHDRAWN]
        return reason(entry.row, rows, self.cpu, self.memory) if entry.state == WAITING else ""

    def _settle(self, connection: sqlite3.Connection) -> list[Entry]:
        before = _entries(connection)
        after = self._settled(before)
        for gone in {entry.row.number for entry in before} - {entry.row.number for entry in after}:
            _remove(connection, gone)
        for entry in set(after) - set(before):
            has = None if entry.row.has is None else json.dumps(entry.row.has)
            values = (entry.state, entry.row.passed, has, entry.row.number)
            connection.execute("update runs set state = ?, passed = ?, has = ? where number = ?", values)
        return after

    def _settled(self, entries: Sequence[Entry]) -> list[Entry]:
        """What becomes of entries now."""
        living = {entry.row.number: entry for entry in entries if not entry.is_over()}
        rows = [entry.row for entry in living.values() if entry.state != WITHDRAWN]
        for row in after_all_turns(rows, self.cpu, self.memory):
            state = WAITING if row.has is None else RUNNING
            living[row.number] = living[row.number]._replace(row=row, state=state)
        return [*living.values()]


def listed(path: Path | None = None) -> list[dict[str, Any]]:
    """The runs of this user on this machine: those that run, then those that wait, in their order."""
    queue = this_machine(path)
    if not queue.file.path.exists():
        return []
    entries = [entry for entry in queue.file.read(_entries) if not entry.is_over()]
    order = [row.number for row in in_order([entry.row for entry in entries if entry.state == WAITING])]
    running = [entry for entry in entries if entry.state == RUNNING]
    waiting = {entry.row.number: entry for entry in entries if entry.state == WAITING}
    shown = [*running, *(waiting[number] for number in order)]
    return [entry.shown(queue.why(entry, entries)) for entry in shown]


def withdraw(
    owner: str | None = None, runs: Path | None = None, path: Path | None = None
) -> list[dict[str, Any]]:
    """Take out of the queue what waits in it, and return it."""
    queue = this_machine(path)
    return [entry.shown() for entry in queue.withdraw(owner, runs)] if queue.file.path.exists() else []


def this_machine(path: Path | None = None) -> Queue:
    """The queue of this user on this machine, or one in another file."""
    return Queue(QueueFile(path or default_path()), machine.cpu(), machine.memory())


def _entries(connection: sqlite3.Connection) -> list[Entry]:
    rows = connection.execute("select number, state, passed, has, ticket from runs order by number")
    return [_entry(*row) for row in rows]


def _entry(number: int, state: str, passed: int, has: str | None, text: str) -> Entry:
    ticket = Ticket.from_json(text)
    gpus = None if has is None else tuple(json.loads(has))
    row = Row(number, ticket.run, ticket.share, ticket.priority, ticket.choices, passed, gpus)
    return Entry(row, ticket, state)


def _is_in(folder: str, runs: Path) -> bool:
    return Path(folder).parent.resolve() == runs.resolve()


def _remove(connection: sqlite3.Connection, number: int) -> None:
    connection.execute("delete from runs where number = ?", (number,))
