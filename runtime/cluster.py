#!/usr/bin/env python3
"""Applies objects to the cluster it runs in and waits until their Deployments are rolled out.

    cluster.py [--run NAME [--created TIME]] [--deadline SECONDS] [--code PROGRAM]
               [--value NAME=ENCODED]... [--plain NAME=TEXT]... JSON...

Each JSON is an object, or a list of objects. With --run, the pods of a Deployment carry this name: every run
replaces them. With --created, the time at which the run was made in seconds since 1970, nothing is applied if a
run that was made later has changed a Deployment. With --code, a ConfigMap without data gets what is in the zip that
pack.py has made. Variables of a Deployment that have no value get those that tasks have left, encoded as start.py
does or plain. It needs the verbs create, patch and get. It ends with status 75 if the API server could not be
reached, with 1 for every other error. It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import argparse
import base64
import json
import math
import os
import signal
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import unquote, urlencode
from zipfile import ZipFile

RUN, RUN_CREATED = "automl.dev/run", "automl.dev/run-created"
TIME = "%Y-%m-%dT%H:%M:%SZ"
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"  # mounted into every pod
JSON, APPLY = "application/json", "application/apply-patch+yaml"  # for the second see `encoded`
ANSWER, GRACE, POLL = 40.0, 60.0, 2.0  # seconds; GRACE: a server that starts learns of roles a bit later


class ApiError(Exception):
    """What the API server has against a request."""

    def __init__(self, status: int, reason: str, message: str, retry_after: float = 0) -> None:
        super().__init__(f"{message or 'refused'} ({reason or 'HTTP'} {status})")
        self.status, self.reason, self.message, self.retry_after = status, reason, message, retry_after


class Cluster:
    """The API server. While it cannot answer, it is asked again for $AUTOML_PATIENCE or 600 seconds."""

    def __init__(self) -> None:
        self._host = os.environ.get("KUBERNETES_SERVICE_HOST", "").strip("[]")
        if not self._host:
            raise ConnectionError("this is no pod of a cluster: KUBERNETES_SERVICE_HOST is not set")
        self._port = int(os.environ.get("KUBERNETES_SERVICE_PORT", "443"))
        self._account = Path(os.environ.get("AUTOML_SERVICE_ACCOUNT", ACCOUNT))
        self._patience = float(os.environ.get("AUTOML_PATIENCE", "600"))
        self.namespace = (self._account / "namespace").read_text().strip()

    def path(self, obj: dict[str, Any]) -> str:
        """The path of an object, in its namespace or else in the pod's own."""
        version, meta = obj["apiVersion"], obj["metadata"]
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        plural = obj["kind"].lower() + ("es" if obj["kind"].endswith("s") else "s")
        return f"{root}/namespaces/{meta.get('namespace', self.namespace)}/{plural}/{meta['name']}"

    def apply(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Create the object, or change what automl once set of it; return it as it is now."""
        return self.request("PATCH", self.path(wanted), wanted, APPLY, fieldManager="automl", force="true")

    def find(self, path: str) -> dict[str, Any]:
        """What is at this path, or an empty object."""
        try:
            return self.request("GET", path)
        except ApiError as error:
            if error.status != 404:
                raise
            return {}

    def request(
        self, method: str, path: str, body: object = None, content_type: str = JSON, **query: object
    ) -> dict[str, Any]:
        """The answer to a request that may be repeated; ApiError if the server refuses it."""
        url = f"{path}?{urlencode(query)}"
        return dict(self.patiently(lambda: json.load(self.ask(method, url, body, content_type))))

    def ask(self, method: str, url: str, body: object, content_type: str, wait: float = 0) -> HTTPResponse:
        """One attempt. The token and the authority are read anew each time, for they change."""
        context = ssl.create_default_context(cafile=str(self._account / "ca.crt"))
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # authorities of clusters often lack what it asks for
        token = (self._account / "token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": content_type, "Connection": "close"}
        connection = HTTPSConnection(self._host, self._port, timeout=wait + ANSWER, context=context)
        connection.request(method, url, None if body is None else encoded(body), headers)
        answer = connection.getresponse()
        if answer.status >= 400:
            raise refusal(answer.status, answer.read(), answer.getheader("Retry-After", ""))
        return answer

    def patiently(self, attempt: Callable[[], Any]) -> Any:
        """What the attempt returns, repeated less and less often while it is worth it."""
        start, pause = time.monotonic(), 0.5
        while True:
            try:
                result = attempt()
                if pause > 0.5:
                    log("the API server answers again")
                return result
            except (ApiError, OSError, HTTPException, json.JSONDecodeError) as error:
                seconds, status = max(pause, getattr(error, "retry_after", 0)), getattr(error, "status", 503)
                final = status < 500 and status != 429
                worth = min(self._patience, GRACE if status in (401, 403) else 0 if final else math.inf)
                if time.monotonic() + seconds - start > worth:
                    raise error if final else ConnectionError(f"no API server: {described(error)}") from None
                if pause == 0.5:
                    log(f"asking the API server again, for up to {worth:g} s: {described(error)}")
            time.sleep(seconds)
            pause = min(2 * pause, 10)


def encoded(body: object) -> bytes:
    """JSON that is YAML too, which knows no escape by two halves of a character, and takes some for ends of lines."""
    text = json.dumps(body, ensure_ascii=False)
    return "".join(c if " " <= c <= "~" or c > "\uffff" else f"\\u{ord(c):04x}" for c in text).encode()


def refusal(status: int, answer: bytes, retry_after: str = "") -> ApiError:
    """The error that an answer, which may be from something before the API server, or an event stands for."""
    seconds = float(retry_after) if retry_after.isdigit() else 0
    try:
        body = json.loads(answer)
        body = body.get("object", body)
        return ApiError(status, body.get("reason", ""), body.get("message", ""), seconds)
    except (ValueError, AttributeError):
        return ApiError(status, "", " ".join(answer.decode(errors="replace").split())[:200], seconds)


def described(error: BaseException) -> str:
    """One line about an error, whose text may be empty or nothing that says much."""
    text, is_ours = " ".join(str(error).split()), isinstance(error, (ApiError, OSError, ValueError))
    return text if text and is_ours else f"{type(error).__name__}: {text}".rstrip(": ")


def log(text: str) -> None:
    """One line for whoever reads the log."""
    print(time.strftime("%H:%M:%S"), text, flush=True)


def title(obj: dict[str, Any]) -> str:
    """An object's kind and name, as kubectl writes them."""
    return f"{obj['kind'].lower()}/{obj['metadata']['name']}"


def annotations_of(obj: dict[str, Any]) -> dict[str, str]:
    """The annotations of an object, which may be an empty one."""
    return dict(obj.get("metadata", {}).get("annotations", {}))


def is_rolled_out(deployment: dict[str, Any]) -> bool:
    """Whether the last change was seen, all pods are new and available, and no old one is left."""
    status, wanted = deployment.get("status", {}), deployment["spec"].get("replicas", 1)
    seen = status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
    counts = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")]
    return seen and counts == 3 * [wanted]


def progress(deployment: dict[str, Any]) -> str:
    """How far a rollout is, and what the cluster says if it sees no progress."""
    status, wanted = deployment.get("status", {}), deployment["spec"].get("replicas", 1)
    new, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    old = max(0, status.get("replicas", 0) - new)
    counts = f"{new} of {wanted} pods are new, {available} available, {old} old ones left"
    late = [cond for cond in status.get("conditions", []) if cond.get("reason") == "ProgressDeadlineExceeded"]
    return f"{counts}; no progress: {late[0].get('message', '')}" if late else counts


def too_late(deployment: dict[str, Any], seconds: float) -> str:
    """The last words on a rollout whose deadline has passed."""
    look = f"look at: kubectl describe {title(deployment)} -n {deployment['metadata']['namespace']}"
    return f"not rolled out in {seconds:g} s: {progress(deployment)}; {look}"


def fill(pod: dict[str, Any], values: Mapping[str, str]) -> None:
    """Give the variables of a pod that have no value theirs. A kubelet takes two $ for one, in this text too."""
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        for variable in container.get("env", []):
            if variable.keys() == {"name"} and variable["name"] in values:
                variable["value"] = values[variable["name"]].replace("$", 2 * "$")


def applied_for(deployment: dict[str, Any]) -> str:
    """What the pods of a Deployment carry: the run, or the digest of the task, that it was last applied for."""
    return annotations_of(deployment.get("spec", {}).get("template", {})).get(RUN, "")


def refuse_older(deployment: dict[str, Any], created: str) -> None:
    """ValueError if a Deployment was changed by a run that was made after this one."""
    if annotations_of(deployment).get(RUN_CREATED, "") > created:
        raise ValueError(f"a newer run has changed {title(deployment)}; this run ends")


def apply_for_run(cluster: Cluster, wanted: dict[str, Any], run: str, seconds: int | None) -> None:
    """Apply a Deployment so that its pods are replaced in each run, and none by an older run."""
    created = "~" if seconds is None else time.strftime(TIME, time.gmtime(seconds))  # no time is after that
    if run:
        wanted["spec"]["template"]["metadata"].setdefault("annotations", {})[RUN] = run
    if seconds is not None:
        wanted["metadata"].setdefault("annotations", {})[RUN_CREATED] = created
    while True:
        current = cluster.find(cluster.path(wanted))
        refuse_older(current, created)
        wanted["metadata"]["resourceVersion"] = current.get("metadata", {}).get("resourceVersion", "")
        try:
            cluster.apply(wanted)
            return
        except ApiError as error:
            if error.status != 409:
                raise
        time.sleep(0.5)  # it has changed between the two requests; see what is there now


def still_ours(cluster: Cluster, wanted: dict[str, Any]) -> dict[str, Any]:
    """A Deployment as it is now; ValueError if another run has changed it."""
    current = cluster.request("GET", cluster.path(wanted))
    if applied_for(current) != applied_for(wanted):
        raise ValueError(f"another run has changed {title(wanted)}; this run ends")
    return current


def wait(cluster: Cluster, wanted: dict[str, Any], deadline: float, start: float) -> None:
    """Wait for a rollout; TimeoutError when the deadline, in seconds from the start, has passed."""
    said = ""
    while True:
        current = still_ours(cluster, wanted)
        if is_rolled_out(current):
            return log(f"{title(wanted)}: rolled out after {time.monotonic() - start:.0f} s")
        left = start + deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"{title(wanted)}: {too_late(current, deadline)}")
        if progress(current) != said:
            said = progress(current)
            log(f"{title(wanted)}: {said}")
        time.sleep(min(POLL, left))


def with_code(obj: dict[str, Any], program: str) -> dict[str, Any]:
    """The object; if it is a ConfigMap without data, with the project that was packed into a program."""
    if obj["kind"] != "ConfigMap" or "data" in obj:
        return obj
    with ZipFile(program) as packed:
        content = {name: packed.read(name) for name in packed.namelist()}
    archive = {"code.tar.bz2": base64.b64encode(content.pop("code.tar.bz2")).decode()}
    scripts = {name.replace("__main__", "start"): text.decode() for name, text in content.items()}
    return {**obj, "data": scripts, "binaryData": archive}


def main(arguments: list[str]) -> int:
    """Apply all objects, then wait for the Deployments among them."""
    parser = argparse.ArgumentParser(prog="cluster.py")
    parser.add_argument("--run", default="")
    parser.add_argument("--created", type=int)
    parser.add_argument("--deadline", type=float, default=math.inf)
    parser.add_argument("--code")
    for name in ("--value", "--plain"):
        parser.add_argument(name, action="append", default=[], type=lambda word: word.split("=", 1))
    parser.add_argument("objects", nargs="+", type=json.loads)
    options, cluster, start = parser.parse_args(arguments), Cluster(), time.monotonic()
    values = {name: unquote(text) for name, text in options.value}
    values.update(options.plain)
    objects = [obj for part in options.objects for obj in (part if isinstance(part, list) else [part])]
    deployments: list[dict[str, Any]] = []
    for obj in objects:
        for deployment in deployments:
            still_ours(cluster, deployment)
        if obj["kind"] == "Deployment":
            deployments.append(obj)
            fill(obj["spec"]["template"]["spec"], values)
            apply_for_run(cluster, obj, options.run, options.created)
        else:
            cluster.apply(with_code(obj, options.code) if options.code else obj)
        log(f"{title(obj)}: applied")
    for deployment in deployments:
        wait(cluster, deployment, options.deadline, start)
    return 0


def run(program: Callable[[list[str]], int]) -> NoReturn:
    """Run a program; SIGTERM ends it at once, and an error is one line."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(128 + signal.SIGTERM))  # process 1 would ignore it
    try:
        sys.exit(program(sys.argv[1:]))
    except (ApiError, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        log(f"error: {described(error)}")
        sys.exit(75 if isinstance(error, ConnectionError) else 1)


if __name__ == "__main__":
    run(main)
