"""What Kubeflow shows of metrics: the metadata of an artifact for each, in the file that its launcher reads at the end.

It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

EXECUTOR_INPUT = "AUTOML_EXECUTOR_INPUT"
"""The variable in which Kubeflow's launcher says what a task is given and has to leave."""


def show(executor_input: str, metrics: Mapping[str, str]) -> None:
    """Write the numbers of metrics, each JSON, to the artifacts of their names; the input says where, and of which artifacts."""
    outputs = json.loads(executor_input)["outputs"]
    shown = {}
    for name, text in metrics.items():
        key = name.lower().replace("-", "_")
        [artifact] = outputs["artifacts"][key]["artifacts"]
        shown[key] = {
            "artifacts": [{**artifact, "metadata": {**artifact.get("metadata", {}), **json.loads(text)}}]
        }
    file = Path(outputs["outputFile"])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"artifacts": shown}), encoding="utf-8")
