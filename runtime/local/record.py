"""The record of a run: a folder with a log that only grows, one event a line, from which all that is known of it is worked out.

run.json       what the run is: workflow, when and by whom it was made, its parameters
program.py     what runs it; config.yaml, plan.json, code.tar: the same in its parts
events.jsonl   what has happened
tasks/NAME/    log, and `outputs` with the files that the task has left
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

Event = dict[str, Any]
EVENTS = "events.jsonl"


class Record:
    """The log of a run that goes on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file: int | None = None

    def open(self) -> list[Event]:
        """Make ready to write; return what has happened so far. What a crash has left of a line is cut off."""
        path = self.folder / EVENTS
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        events, size = _read(path)
        os.ftruncate(self._file, size)
        return events

    def add(self, event: str, **details: Any) -> Event:
        """Write down what has happened, and see that it stays: OSError if it cannot be kept."""
        assert self._file is not None
        entry = {"at": round(time.time(), 3), "event": event, **details}
        line = (json.dumps(entry, ensure_ascii=False) + "\n").encode(errors="surrogateescape")
        size = os.fstat(self._file).st_size
        try:
            written = os.write(self._file, line)
            if written < len(line):
                raise OSError(28, os.strerror(28))
            os.fdatasync(self._file) if hasattr(os, "fdatasync") else os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, size)
            raise
        return entry


def events_of(folder: Path) -> list[Event]:
    """What has happened in a run, as far as it is written down whole."""
    return _read(folder / EVENTS)[0]


def _read(path: Path) -> tuple[list[Event], int]:
    """The events, and how many bytes they take: what comes after a line that is none is no part of the log."""
    events: list[Event] = []
    size = 0
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return [], 0
    for line in content.splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        try:
            event = json.loads(line)
            if "event" not in event:
                break
        except (ValueError, TypeError):
            break
        events.append(event)
        size += len(line)
    return events, size
