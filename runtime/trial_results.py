"""What the run of a trial hands on to who judges all of them: one text, which no engine takes for something else.

It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from automl.runtime.outputs import decode, encode


class Left(NamedTuple):
    """What a run has left: values, and where its files are, which is the same place wherever they are brought to."""

    values: Mapping[str, str]
    files: Mapping[str, str] = {}


def result_of(run: str, left: Left | None) -> str:
    """The result of a run: its name and what it has left, or the name alone if it has failed."""
    result: dict[str, object] = {"run": run}
    if left is not None:
        result["values"] = dict(left.values)
    if left is not None and left.files:
        result["files"] = dict(left.files)
    return encode(json.dumps(result, separators=(",", ":"), ensure_ascii=False))


def left_in(results: Iterable[str]) -> dict[str, Left]:
    """What runs have left, by their names. One that is not there has failed."""
    decoded = [json.loads(decode(result)) for result in results]
    return {
        result["run"]: Left(result["values"], result.get("files", {}))
        for result in decoded
        if "values" in result
    }
