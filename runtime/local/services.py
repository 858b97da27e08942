"""The services of a run: whether one is ready, and where it is."""

from __future__ import annotations

import socket
import time

from automl.runtime.local.plan import Service

BETWEEN_LOOKS = 0.2  # seconds


class Probe:
    """Looks now and then whether a service is ready."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.next_look = time.monotonic() + BETWEEN_LOOKS  # seconds of the clock that only goes forward
        self.url = f"http://127.0.0.1:{service.port}{service.path or '/'}"

    def is_ready(self) -> bool:
        """Look, if it is time to."""
        now = time.monotonic()
        if now < self.next_look:
            return False
        self.next_look = now + BETWEEN_LOOKS
        try:
            socket.create_connection(("127.0.0.1", self.service.port), timeout=1).close()
        except OSError:
            return False
        return True
