"""Waiting for the end of Jobs, without asking for them again and again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode

from automl.runtime.cluster import JSON, ApiError, Cluster, refusal
from automl.runtime.jobs import batch, ending


class Watch:
    """The changes of the Jobs with some labels, from its first use on."""

    def __init__(self, cluster: Cluster, selector: str) -> None:
        self._cluster, self._selector = cluster, selector
        self._path = f"{batch(cluster)}/jobs"
        self._version = ""  # of the last change that was seen

    def ended(self, jobs: list[str], seconds: int) -> list[str]:
        """The Jobs that may have ended, among these; empty if none has in so many seconds."""
        try:
            if self._version:
                name = self._next(seconds)
                return [name] if name in jobs else []
            self._begin()
            return jobs  # one may have ended before
        except ApiError as error:
            if error.status != 410 and error.status < 500:
                raise
            self._version = ""
            return []

    def _begin(self) -> None:
        """Take the changes from now on."""
        jobs = self._cluster.request("GET", self._path, limit=1, labelSelector=self._selector)
        self._version = jobs["metadata"]["resourceVersion"]

    def _next(self, seconds: int) -> str:
        """The next Job that ends or goes within so many seconds, if there is one."""
        for event in self._events(seconds):
            job = event["object"]
            self._version = job["metadata"]["resourceVersion"]
            if event["type"] == "DELETED" or ending(job):
                return str(job["metadata"]["name"])
        return ""

    def _events(self, seconds: int) -> Iterator[dict[str, Any]]:
        """What comes after the last version, for so many seconds or until the connection drops.

        An event has a `type` (may be BOOKMARK) and an `object`. ApiError with status 410: begin again.
        """
        options = {"watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": seconds}
        query = urlencode({"labelSelector": self._selector, **options, "resourceVersion": self._version})
        url = f"{self._path}?{query}"
        with self._cluster.patiently(lambda: self._cluster.ask("GET", url, None, JSON, seconds)) as answer:
            try:
                for line in answer:
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise refusal(event["object"].get("code", 500), line)
                    yield event
            except (OSError, HTTPException, ValueError):
                time.sleep(1)  # dropped; what was not seen comes with the next watch
