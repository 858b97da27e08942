"""The services of a run: whether one is ready, and where it is."""

from __future__ import annotations

import socket
import time
from contextlib import suppress

from automl.runtime.local.plan import Service

BETWEEN_LOOKS = 0.2  # seconds
HOSTS = ("127.0.0.1", "::1")  # what `localhost` is: a server may listen at one of them alone


class Probe:
    """Looks now and then whether a service is ready, as the clusters do: it listens, or its path answers well."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.next_look = time.monotonic() + BETWEEN_LOOKS  # seconds of the clock that only goes forward
        self.ready_since: float | None = None
        self.url = f"http://localhost:{service.port}{service.path or '/'}"

    @property
    def longest(self) -> int | None:
        """Within so many seconds it must be ready."""
        return min(filter(None, (self.service.startup, self.service.deadline)), default=None)

    def is_ready(self) -> bool:
        """Look, if it is time to; it must have been ready for a while."""
        now = time.monotonic()
        if now < self.next_look:
            return False
        self.next_look = now + BETWEEN_LOOKS
        if not _answers(self.service):
            self.ready_since = None
            return False
        self.ready_since = self.ready_since or now
        return now - self.ready_since >= self.service.min_ready


def is_taken(port: int) -> bool:
    """Whether something listens on a port of this machine."""
    return any(_listens(host, port) for host in HOSTS)


def _listens(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


def _answers(service: Service) -> bool:
    if service.path is None:
        return is_taken(service.port)
    return any(_answers_at(host, service.port, service.path) for host in HOSTS)


def _answers_at(host: str, port: int, path: str) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=1) as connection:
        request = f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        words = connection.makefile("rb").readline(100).split()
        return len(words) > 1 and words[0].startswith(b"HTTP/") and words[1][:1] in (b"2", b"3")
    return False
