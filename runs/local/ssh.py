"""The runs of a machine that is reached by the user's own OpenSSH, with their keys, names of hosts and ways there.

Nothing has to be installed there but Python: what answers is sent with each question.
"""

import json
import secrets
import subprocess
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

from automl.runs.connection import CANNOT_CONNECT, before, by_ssh, connected, end, text_of, why
from automl.runs.engine import EngineError, LostError
from automl.runtime import local_scripts, script
from automl.runtime.local.create import Program

COMMAND = (
    'exec python3 -I -X utf8 -c "import sys; exec(sys.stdin.buffer.read(int(sys.stdin.buffer.readline())))"'
)
"""Means the same to every shell; all else travels behind it."""
_HELLO = """\
import json, sys, zlib

marker = {marker!r}
if sys.version_info < (3, 9):
    text = "Python 3.9 or newer is needed there; python3 is " + sys.version.split()[0]
    sys.stdout.write("\\n%s\\n-%d\\n%s" % (marker, len(text), text))
    sys.exit()

{finder}

request = json.loads(zlib.decompress(sys.stdin.buffer.read({size})))
carry(request["modules"])
from automl.runtime.local.remote import main

main(request, marker)
"""


class There:
    """Another machine, with the runs of the user there."""

    def __init__(self, host: str) -> None:
        self.host = host

    def ask(self, *question: str) -> Iterator[bytes]:
        """The answer, as it comes."""
        return self._answer(question, None)

    def submit(self, program: Program, options: Sequence[str]) -> str:
        """Start a run there; it is made when its name comes back."""
        return b"".join(self._answer(options, program)).decode()

    def _answer(self, question: Sequence[str], program: Program | None) -> Iterator[bytes]:
        marker = secrets.token_hex(16)
        with connected(by_ssh(self.host, COMMAND)) as (process, complaints):
            assert process.stdin is not None
            assert process.stdout is not None
            with suppress(BrokenPipeError):
                process.stdin.writelines(_request(question, program, marker))
                process.stdin.flush()
            noise = before(process.stdout, marker)
            if noise is not None:
                raise self._unreached(process, text_of(complaints) or noise)
            yield from self._pieces(process, complaints)

    def _pieces(self, process: subprocess.Popen[bytes], complaints: IO[bytes]) -> Iterator[bytes]:
        assert process.stdout is not None
        while (line := process.stdout.readline()) != b".\n":
            kind, size = line[:1], int(line[1:] or b"0")
            piece = process.stdout.read(size)
            if not line.endswith(b"\n") or len(piece) < size:
                end(process)
                raise LostError(f'the connection to "{self.host}" has ended{why(text_of(complaints))}')
            if kind == b"-":
                raise EngineError(f"{self.host}: {piece.decode(errors='replace')}")
            yield piece

    def _unreached(self, process: subprocess.Popen[bytes], words: str) -> EngineError:
        end(process)
        if process.returncode == CANNOT_CONNECT:
            return LostError(f'cannot reach "{self.host}" by ssh{why(words)}')
        needed = "Python 3.9 or newer has to be there as `python3`, on the PATH that ssh gives to commands"
        return EngineError(f'cannot run python3 on "{self.host}"{why(words)}', needed)


def _request(question: Sequence[str], program: Program | None, marker: str) -> Iterator[bytes]:
    """What is written to the other side: what answers, the question, and for a run the project."""
    modules = dict(program.modules) if program else local_scripts()
    content = {"question": question, "modules": modules, "program": program and _of(program)}
    packed = zlib.compress(json.dumps(content).encode())
    hello = _HELLO.format(marker=marker, finder=script("local/carried.py"), size=len(packed)).encode()
    yield f"{len(hello)}\n".encode() + hello + packed
    if program is not None and program.project:
        yield program.project


def _of(program: Program) -> Mapping[str, Any]:
    return {
        "plan": program.plan,
        "config": program.config,
        "details": dict(program.details),
        "project": len(program.project or b""),
    }
