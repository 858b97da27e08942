"""A program that answers through pipes: the user's own ssh, or a shell of this machine."""

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO

from automl.runs.engine import EngineError

OPTIONS = ("-T", "-o", "ClearAllForwardings=yes", "-o", "RemoteCommand=none")
CANNOT_CONNECT = 255  # the status with which ssh says so
_PATIENCE = 5  # seconds, for a program to end behind its answer


def by_ssh(host: str, command: str) -> list[str]:
    """The words that run a command on another machine, where its shell reads it. Who sits at a terminal can be asked."""
    batch = () if sys.stdin is not None and sys.stdin.isatty() else ("-o", "BatchMode=yes")
    return ["ssh", *OPTIONS, *batch, "--", host, command]


@contextmanager
def connected(words: Sequence[str]) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """A program, and what it complains of. An interrupt is ours, and ends it here."""
    with tempfile.TemporaryFile() as complaints:  # a pipe might be kept open by a connection that is shared
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints
            )
        except FileNotFoundError:
            package = {"ssh": "OpenSSH"}.get(words[0], words[0])
            raise EngineError(f'there is no program "{words[0]}" on the PATH; install {package}') from None
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        try:
            yield process, complaints
        except BaseException:
            process.terminate()
            raise
        finally:
            end(process)


def before(answer: IO[bytes], marker: str) -> str | None:
    """None if the answer begins, with what a shell printed before it passed over; else all that there was."""
    noise = []
    for line in answer:
        if line == f"{marker}\n".encode():
            return None
        noise.append(line)
    return b"".join(noise).decode(errors="replace").strip()


def end(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end of a program, and do not wait for ever."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(BrokenPipeError):
                stream.close()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait()


def text_of(complaints: IO[bytes]) -> str:
    """What a program has complained of so far."""
    complaints.seek(0)
    return complaints.read().decode(errors="replace").strip()


def why(words: str) -> str:
    """The end of a sentence, if there are words that say why."""
    return f": {words}" if words else ""
