"""The record of a run: a folder with a log that only grows, one event a line, from which all that is known of it is worked out.

run.json       what the run is: workflow, when and by whom it was made, its parameters
plan.json      what is to be run; code.tar: the files of the project, config.yaml: what all of it was made of
runtime/       the modules that run it
events.jsonl   what has happened
tasks/NAME/    log, and `outputs` with the files that the task has left
lock           held by the program that runs it
reserve        room on the disk for the last events, should it be full
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

Event = dict[str, Any]
EVENTS, RESERVE = "events.jsonl", "reserve"
ROOM = 256 * 1024  # bytes
AT_RISK = 1  # second, after which even a crash of the machine leaves what was written


class Record:
    """The log of a run that goes on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = -1
        self.keep_by: float | None = None  # seconds of the clock that only goes forward
        self._unwritten: list[bytes] = []
        self._is_full = False

    def open(self, room: int = ROOM) -> list[Event]:
        """Make ready to write, with so much room kept; return what has happened. What a crash has left of a line is cut off."""
        path = self.folder / EVENTS
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        events, size = _read(path)
        os.ftruncate(self._file, size)
        if room:
            _take_room(self.folder / RESERVE)
        return events

    def add(self, event: str, **details: Any) -> None:
        """Write down what has happened. OSError if there is no room for it; what comes then waits for `rescue`."""
        entry = {"at": round(time.time(), 3), "event": event, **details}
        text = json.dumps(entry, ensure_ascii=False) + "\n"
        self._unwritten.append(text.encode(errors="backslashreplace"))  # which JSON reads again
        if not self._is_full:
            self._write()

    def keep(self) -> None:
        """See that what is written outlives even a crash of the machine."""
        os.fsync(self._file)
        self.keep_by = None

    def rescue(self) -> None:
        """Write down what there was no room for: that room was kept."""
        with suppress(OSError):
            (self.folder / RESERVE).unlink()
        self._write()
        self._is_full = False

    def close(self) -> None:
        """There is nothing more to write."""
        self.keep()
        with suppress(OSError):
            (self.folder / RESERVE).unlink()

    def _write(self) -> None:
        """Write all of it, or nothing: there is never half a line before another."""
        content = b"".join(self._unwritten)
        size = os.fstat(self._file).st_size
        try:
            while content:  # what did not fit says why it does not
                content = content[os.write(self._file, content) :]
        except OSError:
            self._is_full = True
            os.ftruncate(self._file, size)
            raise
        self._unwritten.clear()
        self.keep_by = self.keep_by or time.monotonic() + AT_RISK


def events_of(folder: Path) -> list[Event]:
    """What has happened in a run, as far as it is written down whole."""
    return _read(folder / EVENTS)[0]


def _take_room(path: Path) -> None:
    """Have room on the disk that nobody else takes: zeros might take none, if they are compressed."""
    if not path.exists() or path.stat().st_size < ROOM:
        with path.open("wb", buffering=0) as file:
            content = os.urandom(ROOM)
            while content:
                content = content[file.write(content) :]


def _read(path: Path) -> tuple[list[Event], int]:
    """The events, and how many bytes there are up to the last one: what comes behind it is no part of the log."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return [], 0
    events: list[Event] = []
    size = end = 0
    for line in lines[:-1]:  # behind the last end of a line there is nothing, or a torn line
        end += len(line) + 1
        event = _event(line)
        if event is not None:
            events.append(event)
            size = end
    return events, size


def _event(line: bytes) -> Event | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None
