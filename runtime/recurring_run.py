#!/usr/bin/env python3
"""Registers the schedule of a pipeline with the API server of Kubeflow Pipelines.

    recurring_run.py JSON

The JSON has the names of the `pipeline` and of its `version`, both in Kubernetes already, and the
`recurring_run` to create. One that is there is left alone, so this can run again at any time; an older one of
the same pipeline, known by its description, is deleted. It runs on Python 3.8 and newer, with the standard
library alone.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

SERVER = os.environ.get("KFP_ENDPOINT", "http://ml-pipeline.kubeflow:8888")
NAMESPACE = os.environ["KFP_NAMESPACE"]
TOKEN = Path(os.environ.get("KF_PIPELINES_SA_TOKEN_PATH", "/var/run/secrets/kubeflow/pipelines/token"))
PATIENCE = float(os.environ.get("KFP_PATIENCE", "300"))  # seconds
PAUSE = min(5.0, PATIENCE / 10)


def main(text: str) -> None:
    """Create the recurring run, unless it is there, and delete what it replaces."""
    wanted = json.loads(text)
    pipeline = patiently(lambda: find_pipeline(wanted["pipeline"]))
    version = patiently(lambda: find_version(pipeline, wanted["version"]))
    run = wanted["recurring_run"]
    ours = [each for each in listed("recurringruns", "recurringRuns") if is_same(each, run, "description")]
    if any(is_same(each, run, "display_name") for each in ours):
        print(f"{run['display_name']}: is there already", flush=True)
    else:
        source = {"pipeline_id": pipeline, "pipeline_version_id": version}
        place = {"experiment_id": experiment(wanted["pipeline"]), "pipeline_version_reference": source}
        ask("POST", "recurringruns", {**run, **place})
        print(f"{run['display_name']}: created", flush=True)
    for each in ours:
        if not is_same(each, run, "display_name"):
            ask("DELETE", f"recurringruns/{each['recurring_run_id']}")
            print(f"{each['display_name']}: deleted", flush=True)


def is_same(found: dict[str, Any], wanted: dict[str, Any], field: str) -> bool:
    """Whether the two agree in one field."""
    return bool(found.get(field) == wanted[field])


def find_pipeline(name: str) -> str:
    """The id of a pipeline."""
    query = urlencode({"namespace": NAMESPACE})
    return str(ask("GET", f"pipelines/names/{quote(name)}?{query}")["pipeline_id"])


def find_version(pipeline: str, name: str) -> str:
    """The id of a version; LookupError if it is not there, or not yet."""
    for version in listed(f"pipelines/{pipeline}/versions", "pipeline_versions"):
        if name in (version.get("name"), version.get("display_name")):
            return str(version["pipeline_version_id"])
    raise LookupError(f"there is no pipeline version {name!r}")


def experiment(name: str) -> str:
    """The id of an experiment, made if need be. It says whose the runs are: where there are many users, each
    run needs one; where there is one user, none may say a namespace beside it."""
    for found in listed("experiments", "experiments"):
        if is_same(found, {"display_name": name}, "display_name"):
            return str(found["experiment_id"])
    return str(ask("POST", "experiments", {"display_name": name, "namespace": NAMESPACE})["experiment_id"])


def listed(path: str, field: str) -> list[dict[str, Any]]:
    """All items of a list, page by page."""
    found: list[dict[str, Any]] = []
    query = {"namespace": NAMESPACE, "page_size": "100"}
    while True:
        page = ask("GET", f"{path}?{urlencode(query)}")
        found += page.get(field, [])
        if not page.get("next_page_token"):
            return found
        query["page_token"] = page["next_page_token"]


def patiently(find: Any) -> str:
    """What `find` returns, tried again while the server does not answer or has not seen the pipeline."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return str(find())
        except (URLError, OSError, LookupError) as error:
            if time.monotonic() + PAUSE > end:
                raise
            print(f"trying again: {error}", flush=True)
        time.sleep(PAUSE)


def ask(method: str, path: str, body: object = None) -> dict[str, Any]:
    """One request; the server's own words go into the error."""
    headers = {"Content-Type": "application/json"}
    if TOKEN.is_file():
        headers["Authorization"] = f"Bearer {TOKEN.read_text().strip()}"
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{SERVER}/apis/v2beta1/{path}", data, headers, method=method)
    try:
        with urlopen(request, timeout=30) as answer:
            found: dict[str, Any] = json.loads(answer.read() or b"{}")
            return found
    except HTTPError as error:
        text = " ".join(error.read().decode(errors="replace").split())[:500]
        raise OSError(f"{method} {path}: HTTP {error.code}: {text}") from None


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except (URLError, OSError, LookupError, ValueError) as error:
        sys.exit(f"automl: {error}")
