"""The values that a step hands on: the last words of its pod, which its Job keeps, since pods do not last.

It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from automl.runtime.cluster import Cluster, annotations_of
from automl.runtime.outputs import unframed

OUTPUTS = "automl.dev/outputs"
MERGE = "application/merge-patch+json"
UID_OF_JOB = "batch.kubernetes.io/controller-uid"
CONTAINER = "main"


class Lost(ValueError):
    """The values are nowhere: the pod went before they were read."""


def values_of(cluster: Cluster, job: dict[str, Any], names: Sequence[str]) -> dict[str, str]:
    """The values of a Job that has succeeded, which keeps them from now on; ValueError if it lacks one of the names."""
    if not names:
        return {}
    kept = annotations_of(job).get(OUTPUTS)
    values = unframed(last_words(cluster, job)) if kept is None else dict(json.loads(kept))
    if lacking := [name for name in names if name not in values]:
        raise ValueError(f"it has not handed on {', '.join(lacking)}")
    if kept is None:
        metadata = {
            "annotations": {OUTPUTS: json.dumps(values, ensure_ascii=False)},
            "uid": job["metadata"]["uid"],
        }
        cluster.request("PATCH", cluster.path(job), {"metadata": metadata}, MERGE)
    return values


def last_words(cluster: Cluster, job: dict[str, Any]) -> bytes:
    """What the pod of a Job that has succeeded has said in the end; Lost if it is no longer there."""
    path = f"/api/v1/namespaces/{job['metadata']['namespace']}/pods"
    pods = cluster.request("GET", path, labelSelector=f"{UID_OF_JOB}={job['metadata']['uid']}")["items"]
    for pod in pods:
        for status in pod.get("status", {}).get("containerStatuses", []):
            ended = status.get("state", {}).get("terminated", {})
            if status["name"] == CONTAINER and ended.get("exitCode") == 0:
                return str(ended.get("message", "")).encode()
    raise Lost("its pod went before the values were read")
