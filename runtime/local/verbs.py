"""What can be asked of the runs in a folder, and done with them: it is answered in bytes, here or from another machine.

    verbs RUNS runs
    verbs RUNS status RUN
    verbs RUNS watch RUN               its status whenever it changes, and an empty line now and then
    verbs RUNS logs RUN [TASK] [-f]
    verbs RUNS stop RUN [--now]        its status once it has ended
    verbs RUNS resume RUN [OPTION...]  its status once a program goes on with it, as `command_line` has the options
    verbs RUNS queue                   the runs of the user that run and wait on this machine, wherever they are
    verbs RUNS withdraw                those that waited for their turn, and have ended instead
    verbs RUNS get RUN [OUTPUT]        a tar of what it has left
    verbs RUNS delete RUN

All but logs and files are JSON, one run in a line; those of the queue say what they ask for. RUN is a name, a part of one, or `last`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from automl.runtime.local.archive import outputs_of, packed
from automl.runtime.local.ending import delete, queued, stop, withdraw
from automl.runtime.local.logs import logs
from automl.runtime.local.shelf import VerbError, find, folders
from automl.runtime.local.starting import resume
from automl.runtime.local.watching import status, watch


def answer(arguments: Sequence[str]) -> Iterator[bytes]:
    """The answer to a question, in pieces as they come. VerbError if there is none."""
    options = _parser().parse_args(arguments)
    runs = options.runs.expanduser()
    if options.verb == "runs":
        yield from (_line(status(folder)) for folder in folders(runs))
        return
    if options.verb == "queue":
        yield from map(_line, queued())
        return
    if options.verb == "withdraw":
        yield from (_line(status(folder)) for folder in withdraw(runs))
        return
    folder = find(runs, options.run)
    if options.verb == "status":
        yield _line(status(folder))
    elif options.verb == "watch":
        yield from (_line(content) if content else b"\n" for content in watch(folder))
    elif options.verb == "logs":
        yield from logs(folder, options.task, options.follow)
    elif options.verb == "stop":
        stop(folder, options.now)
        yield _line(status(folder))
    elif options.verb == "resume":
        resume(folder, options.words)
        yield _line(status(folder))
    elif options.verb == "get":
        yield from packed(outputs_of(folder, options.output))
    else:
        delete(folder)


def main(arguments: Sequence[str]) -> int:
    """Answer on standard output."""
    try:
        for piece in answer(arguments):
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
    except VerbError as error:
        print(f"automl: {error}", file=sys.stderr)
        return 1
    return 0


def _line(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, ensure_ascii=False) + "\n").encode(errors="backslashreplace")


class _Parser(argparse.ArgumentParser):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, add_help=False, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """What is no question gets no answer; a name may look like an option."""
        raise VerbError(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="verbs")
    parser.add_argument("runs", type=Path)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("runs")
    verbs.add_parser("queue")
    verbs.add_parser("withdraw")
    by_name = {
        name: verbs.add_parser(name)
        for name in ("status", "watch", "logs", "stop", "resume", "get", "delete")
    }
    for verb in by_name.values():
        verb.add_argument("run")
    by_name["logs"].add_argument("task", nargs="?")
    by_name["logs"].add_argument("-f", "--follow", action="store_true")
    by_name["stop"].add_argument("--now", action="store_true")
    by_name["resume"].add_argument("words", nargs=argparse.REMAINDER)
    by_name["get"].add_argument("output", nargs="?")
    return parser
