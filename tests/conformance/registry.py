"""A registry of images: the one of Google's go-containerregistry, which keeps them in its memory."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conformance import golang

SERVER = ("registry/go.mod", "github.com/google/go-containerregistry/cmd/registry")


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A registry at work; its address, `localhost` and a port, where it is asked without TLS."""
    log = folder / "registry.log"
    with log.open("wb") as file:
        process = subprocess.Popen([golang.build(*SERVER), "-port", "0"], stdout=file, stderr=file)
    try:
        yield f"localhost:{_port(log)}"
    finally:
        process.kill()
        process.wait()


def _port(log: Path) -> str:
    until = time.monotonic() + 60
    while not (port := re.search(r"serving on port (\d+)", log.read_text())):
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)
    return port[1]
