"""The part of the REST API of Kubeflow Pipelines that a schedule needs, on the loopback.

The real server is in no registry and wants a database. This one is written after its sources (kubeflow/pipelines
2.14 to 2.17, `backend/src/apiserver` and `backend/api/v2beta1`), and refuses what that refuses: fields that it does
not know, values out of range, and, where there are many users, whoever has no token or says no experiment.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Object = dict[str, Any]
ROOT = "/apis/v2beta1/"
PAGE = 2  # items at most, fewer than are asked for
RUN = {
    "display_name": str,
    "description": str,
    "pipeline_version_reference": dict,
    "max_concurrency": (str, int),
    "trigger": dict,
    "mode": str,
    "no_catchup": bool,
    "namespace": str,
    "experiment_id": str,
}
# Seconds come first, and 0 is Sunday.
_CRON_FIELD = re.compile(
    "([0-9*,/?-]|sun|mon|tue|wed|thu|fri|sat|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)+", re.IGNORECASE
)
EXPERIMENT = {"display_name": str, "description": str, "namespace": str}


class Refused(Exception):
    """An error with its HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class PipelinesServer(ThreadingHTTPServer):
    """The API server, for one user or for many; those have a token and a namespace."""

    def __init__(self, namespace: str = "", token: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.namespace, self.token = namespace, token
        self.pipelines: list[Object] = []
        self.versions: dict[str, list[Object]] = {}
        self.experiments: list[Object] = []
        self.recurring_runs: list[Object] = []
        self.requests: list[tuple[str, str]] = []
        self.tokens: set[str] = set()
        self.broken = ""
        self._number = 0

    @property
    def url(self) -> str:
        """Where the server is, without a path."""
        return f"http://127.0.0.1:{self.server_port}"

    def add_pipeline(self, name: str) -> str:
        """Make a pipeline; its id."""
        self.pipelines.append({"pipeline_id": self.new_id("pipeline"), "name": name, "display_name": name})
        return str(self.pipelines[-1]["pipeline_id"])

    def add_version(self, pipeline: str, name: str) -> str:
        """Make a version of a pipeline; its id."""
        version = {"pipeline_version_id": self.new_id("version"), "name": name, "display_name": name}
        self.versions.setdefault(pipeline, []).append(version | {"pipeline_id": pipeline})
        return str(version["pipeline_version_id"])

    def new_id(self, kind: str) -> str:
        self._number += 1
        return f"{kind}-{self._number}"

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Object:
        """The answer to a request; Refused if there is none."""
        if self.broken:
            raise Refused(500, self.broken)
        parts = path.split("/")
        match method, parts:
            case "GET", ["pipelines", "names", name]:
                self._check_namespace(query)
                return _found(self.pipelines, "name", unquote(name))
            case "GET", ["pipelines", pipeline, "versions"]:
                _found(self.pipelines, "pipeline_id", pipeline)
                return _page("pipeline_versions", self.versions.get(pipeline, []), query)
            case "GET", ["experiments"]:
                self._check_namespace(query)
                return _page("experiments", self.experiments, query)
            case "POST", ["experiments"]:
                return self._create_experiment(body)
            case "GET", ["recurringruns"]:
                self._check_namespace(query)
                return _page("recurringRuns", self.recurring_runs, query)
            case "POST", ["recurringruns"]:
                return self._create_recurring_run(body)
            case "DELETE", ["recurringruns", run]:
                self.recurring_runs.remove(_found(self.recurring_runs, "recurring_run_id", run))
                return {}
        raise Refused(404, "Not Found")

    def _check_namespace(self, query: dict[str, str]) -> None:
        if self.namespace and query.get("namespace") != self.namespace:
            raise Refused(403, f"not in the namespace {self.namespace}")

    def _create_experiment(self, body: Object) -> Object:
        _check_fields(body, EXPERIMENT)
        if any(each["display_name"] == body["display_name"] for each in self.experiments):
            raise Refused(409, f"The name {body['display_name']} already exists. Please specify a new name")
        namespace = (
            body.get("namespace", "") if self.namespace else ""
        )  # there is none where there is one user
        if namespace != self.namespace:
            raise Refused(400, "Namespace cannot be empty")
        made = {"experiment_id": self.new_id("experiment"), **body, "namespace": namespace}
        self.experiments.append(made)
        return made

    def _create_recurring_run(self, body: Object) -> Object:
        _check_fields(body, RUN)
        _check_run(body)
        self._check_source(body["pipeline_version_reference"])
        if self.namespace and not body.get("experiment_id"):
            raise Refused(400, "Experiment id can not be empty in multi-user mode")
        namespace = body.get("namespace", "")
        if "experiment_id" in body:
            theirs = _found(self.experiments, "experiment_id", body["experiment_id"])["namespace"]
            if namespace not in ("", theirs):
                raise Refused(400, f"Experiment belongs to namespace '{theirs}' instead of '{namespace}'")
            namespace = theirs
        made = {"recurring_run_id": self.new_id("run"), **body, "namespace": namespace, "status": "ENABLED"}
        self.recurring_runs.append(made)
        return made

    def _check_source(self, source: Object) -> None:
        _check_fields(source, {"pipeline_id": str, "pipeline_version_id": str})
        found = _found(
            self.versions.get(source["pipeline_id"], []), "pipeline_version_id", source["pipeline_version_id"]
        )
        assert found["pipeline_id"] == source["pipeline_id"]


def _check_fields(body: Object, known: dict[str, Any]) -> None:
    for name, value in body.items():
        if name not in known:
            raise Refused(400, f'proto: (line 1:1): unknown field "{name}"')
        if not isinstance(value, known[name]):
            raise Refused(400, f"proto: (line 1:1): invalid value for field {name}: {value!r}")


def _check_run(body: Object) -> None:
    if not body.get("display_name"):
        raise Refused(400, "Recurring run's name cannot be empty")
    if body["mode"] not in ("ENABLE", "DISABLE"):
        raise Refused(400, f"invalid value for enum field mode: {body['mode']}")
    if not 1 <= int(body["max_concurrency"]) <= 10:
        raise Refused(400, "Max concurrency of a recurring run must be at least 1 and at most 10.")
    _check_fields(body["trigger"], {"cron_schedule": dict})
    _check_fields(body["trigger"]["cron_schedule"], {"cron": str})
    fields = body["trigger"]["cron_schedule"]["cron"].split()
    if len(fields) != 6 or not all(_CRON_FIELD.fullmatch(field) for field in fields) or "7" in fields[5]:
        raise Refused(
            400, "Schedule cron is not a supported format(https://godoc.org/github.com/robfig/cron)."
        )


def _found(items: list[Object], field: str, value: str) -> Object:
    for item in items:
        if item[field] == value:
            return item
    raise Refused(404, f"ResourceNotFoundError: {value} not found.")


def _page(field: str, items: list[Object], query: dict[str, str]) -> Object:
    """One page; empty fields are left out."""
    start = int(query.get("page_token", "0"))
    end = start + min(PAGE, int(query.get("page_size", "20")))
    found: Object = {field: items[start:end]} if items[start:end] else {}
    return found | {"total_size": len(items)} | ({"next_page_token": str(end)} if end < len(items) else {})


@contextmanager
def serving(server: PipelinesServer) -> Iterator[PipelinesServer]:
    """The server, at work until the end of the block."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: PipelinesServer

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        path = address.path.removeprefix(ROOT)
        text = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.requests.append((self.command, path))
        try:
            self._check_token()
            query = {name: values[-1] for name, values in parse_qs(address.query).items()}
            self._send(200, self.server.answer(self.command, path, query, json.loads(text or b"{}")))
        except Refused as error:
            self._send(error.status, {"error": str(error), "code": 3, "message": str(error), "details": []})

    do_POST = do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""

    def _check_token(self) -> None:
        header = self.headers.get("Authorization", "")
        self.server.tokens.add(header)
        if self.server.token and header != f"Bearer {self.server.token}":
            raise Refused(401, "Unauthenticated: there is no user identity header or token")

    def _send(self, status: int, body: Object) -> None:
        text = json.dumps(body, indent=1).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
