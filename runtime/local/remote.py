"""Answers what is asked from another machine, through the pipes of ssh: what the shell there prints is no part of it.

A marker is where the answer begins. Behind it come pieces, each behind a line with its length: `+12` before a piece,
`-12` before a sentence that says why there is no more, and `.` is the end. So an answer that was cut off is none.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from automl.runtime.local.create import RUNS, Program, create
from automl.runtime.local.history import history_of
from automl.runtime.local.plan import Plan
from automl.runtime.local.shelf import VerbError
from automl.runtime.local.starting import check_choice, start
from automl.runtime.local.verbs import answer

_ONLY_READING = (["runs"], ["queue"], ["status"], ["watch"], ["logs"], ["get"])  # can end at any time


def main(request: Mapping[str, Any], marker: str) -> None:
    """Answer on standard output; the runs are those of the user."""
    sys.stdout.flush()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    words = request["question"]
    if words[:1] in _ONLY_READING:
        threading.Thread(target=_end_with_the_other_side, daemon=True).start()
    try:
        out.write(f"\n{marker}\n".encode())
        for kind, piece in _pieces(request):
            out.write(f"{kind}{len(piece)}\n".encode() + piece)
            out.flush()
        out.write(b".\n")
        out.flush()
    except BrokenPipeError:
        os._exit(1)
    os._exit(0)  # whatever else there is


def _pieces(request: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    runs, words = Path.home() / RUNS, request["question"]
    try:
        if request["program"]:
            yield "+", _submit(request["program"], request["modules"], runs, words)
        else:
            for piece in answer([str(runs), *words]):
                yield "+", piece
    except VerbError as error:
        yield "-", str(error).encode(errors="backslashreplace")
    except OSError as error:
        text = f"{error.strerror}: {error.filename}" if error.filename else str(error)
        yield "-", text.encode(errors="backslashreplace")


def _submit(
    program: Mapping[str, Any], modules: Mapping[str, str], runs: Path, options: Sequence[str]
) -> bytes:
    """The name of a run that has been made and begun."""
    project = sys.stdin.buffer.read(program["project"]) if program["project"] else None
    made = Program(program["plan"], modules, project, program["config"], program["details"])
    plan = Plan.from_json(made.plan)
    check_choice(runs / "new", plan, history_of([], [task.name for task in plan.tasks]), options)
    folder = create(made, runs)
    start(folder, options)
    return folder.name.encode()


def _end_with_the_other_side() -> None:
    """End when nobody is there any more: a log that stays silent would not tell."""
    while os.read(0, 1 << 16):
        pass
    os._exit(1)
