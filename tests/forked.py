"""The command `automl` in a process of its own, without the time that Python takes to start and to import it.

A server imports everything once and is forked for each call. A call has its own streams, folder, signals and
status; what a new interpreter makes of its environment, of limits and of modules that lie around, it cannot show.
"""

import atexit
import functools
import gc
import importlib
import importlib.metadata
import json
import os
import pkgutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, NoReturn

AUTOML = Path(sys.executable).with_name("automl")


class Ended(NamedTuple):
    """How a process ended; if by a signal, its number is below zero."""

    code: int
    out: bytes
    err: bytes


class Server:
    """The process that is forked, started with the environment that all calls have."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pipe = subprocess.PIPE  # no stream of a call is a terminal
        command = [sys.executable, __file__, str(theirs.fileno())]
        self._process = subprocess.Popen(
            command, env=environment, pass_fds=[theirs.fileno()], stdin=pipe, stdout=pipe, stderr=pipe
        )
        theirs.close()
        self._lock = threading.Lock()

    def call(self, words: Sequence[str], cwd: Path, stdin: bytes, more: Mapping[str, str]) -> Ended:
        """Run the command in a folder, with more in its environment, until it ends."""
        request = json.dumps([str(cwd), dict(more), list(words)]).encode()
        with self._lock, ThreadPoolExecutor(3) as pool:
            pipes = [os.pipe() for _ in range(3)]
            theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
            socket.send_fds(self._socket, [request], theirs)
            for number in theirs:
                os.close(number)
            pool.submit(_write, pipes[0][1], stdin)
            out, err = pool.submit(_read, pipes[1][0]), pool.submit(_read, pipes[2][0])
            return Ended(int(self._socket.recv(32)), out.result(), err.result())

    def close(self) -> None:
        self._socket.close()
        self._process.communicate()


def _write(number: int, data: bytes) -> None:
    with suppress(BrokenPipeError), open(number, "wb") as stream:
        stream.write(data)


def _read(number: int) -> bytes:
    with open(number, "rb") as stream:
        return stream.read()


@functools.cache
def server(path: str) -> Server:
    """The one for all calls with nothing in their environment but a PATH."""
    started = Server({"PATH": path})
    atexit.register(started.close)
    return started


def _serve(connection: socket.socket) -> None:
    """Come back in a child for each call."""
    while True:
        request, numbers, _, _ = socket.recv_fds(connection, 1_000_000, 3)
        if not request:
            sys.exit()
        child = os.fork()
        if not child:
            _become(json.loads(request), numbers)
            connection.close()
            return
        for number in numbers:
            os.close(number)
        _, status = os.waitpid(child, 0)
        connection.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(request: tuple[str, dict[str, str], list[str]], numbers: list[int]) -> None:
    folder, more, words = request
    os.chdir(folder)
    os.environ.update(more)
    sys.path[1:1] = more.get("PYTHONPATH", "").split()
    for stream, number in enumerate(numbers):
        os.dup2(number, stream)
        os.close(number)
    sys.argv = [str(AUTOML), *words]


def _import_all() -> Callable[[], NoReturn]:
    """What the command imports, and more; returns what it runs."""
    import automl

    for module in pkgutil.walk_packages(automl.__path__, "automl."):
        if not module.name.startswith("automl.runtime"):  # scripts for pods
            importlib.import_module(module.name)
    [command] = importlib.metadata.entry_points(group="console_scripts", name="automl")
    program: Callable[[], NoReturn] = command.load()
    return program


if __name__ == "__main__":
    sys.path[0] = str(AUTOML.parent)
    main = _import_all()
    gc.freeze()
    _serve(socket.socket(fileno=int(sys.argv[1])))
    main()
