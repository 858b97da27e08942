"""A login node of a cluster with Slurm, where the script of a run submits its jobs; it is reached by the user's own ssh.

What is sent is for bash, whatever shell the user has there: some lines, and behind them the script, which is a file there
as long as it runs. It goes on to its end when the connection has ended, so that no run is left half submitted.
"""

import secrets
import shlex
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from automl.runs.connection import CANNOT_CONNECT, before, by_ssh, connected, end, text_of, why
from automl.runs.engine import EngineError, LostError

COMMAND = "exec bash -s"
"""Means the same to every shell; all else travels behind it."""
_OWN = "automl: "  # before the sentences of a script
_HELLO = """\
{{
umask 077
drain() {{
  cat
  cat >/dev/null # where nobody listens any more
}}
printf '\\n%s\\n' {marker}
printf '\\n%s\\n' {marker} >&2
{{
  status=2
  if script=$(mktemp) && head -c {size} >"$script" && (($(wc -c <"$script") == {size})); then
    {variables}bash "$script" --new 2>&1 >&3 3>&- </dev/null | drain >&2
    status=${{PIPESTATUS[0]}}
  fi
  rm -f -- "$script"
  printf '%s %s\\n' {marker} "$status"
}} 3>&1 | drain
exit
}}
"""


class Script(NamedTuple):
    """What submits a run, and the name that the run is to have."""

    text: str
    run: str


class PartError(EngineError):
    """Some jobs of a run are submitted, and others are not."""


class Login:
    """A login node: another machine, or this one. The runs are where the script has them, or in a folder of this machine."""

    def __init__(self, host: str | None = None, runs: Path | None = None) -> None:
        self.host, self.runs = host, runs

    def submit(self, script: Script) -> int:
        """Submit a run there; how many jobs it has.

        EngineError if nothing is submitted, PartError if not all is, LostError if nobody knows what is.
        """
        marker = secrets.token_hex(16)
        with connected(by_ssh(self.host, COMMAND) if self.host else ["bash", "-s"]) as (process, complaints):
            assert process.stdin is not None
            assert process.stdout is not None
            _send(process.stdin, self._hello(script, marker))
            if (noise := before(process.stdout, marker)) is not None:
                raise self._unreached(process, text_of(complaints) or noise)
            _send(process.stdin, script.text.encode())
            jobs, status = _heard(process.stdout, marker)
            end(process)
            words = text_of(complaints).rpartition(f"{marker}\n")[2]
        if status is None:
            raise LostError(f'the connection to "{self.host or "bash"}" has ended{why(words)}')
        if status:
            raise (PartError if jobs else EngineError)(*self._sentences(words, status))
        return jobs

    def _hello(self, script: Script, marker: str) -> bytes:
        given = {"AUTOML_RUN": script.run, **({"AUTOML_RUNS": str(self.runs)} if self.runs else {})}
        variables = "".join(f"{name}={shlex.quote(value)} " for name, value in given.items())
        size = len(script.text.encode())
        return _HELLO.format(marker=marker, size=size, variables=variables).encode()

    def _sentences(self, words: str, status: int) -> list[str]:
        """What was said there, in lines."""
        said = [line.removeprefix(_OWN) for line in words.splitlines() if line.strip()]
        where = f"{self.host}: " if self.host else ""
        return [f"{where}{line}" for line in said or [f"the script has ended with status {status}"]]

    def _unreached(self, process: subprocess.Popen[bytes], words: str) -> EngineError:
        end(process)
        if self.host and process.returncode == CANNOT_CONNECT:
            return EngineError(f'cannot reach "{self.host}" by ssh{why(words)}')
        place = f' on "{self.host}"' if self.host else ""
        return EngineError(f"cannot run bash{place}{why(words)}")


def _send(stdin: IO[bytes], content: bytes) -> None:
    with suppress(BrokenPipeError):
        stdin.write(content)
        stdin.flush()


def _heard(answer: IO[bytes], marker: str) -> tuple[int, int | None]:
    """How many jobs are submitted, and the status of the script; None if the answer is cut off."""
    jobs = 0
    for line in answer:
        if line.startswith(f"{marker} ".encode()) and line.endswith(b"\n"):
            return jobs, int(line.split()[1])
        jobs += b"\t" in line
    return jobs, None
