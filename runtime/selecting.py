"""Judges the trials of a step by what their runs have left, and writes what is asked of them to where an engine takes it.

    selecting.py PLAN RESULTS [SOURCE[:plain] PLACE]...

The plan is JSON: the `trials` of the step, and the `types` of its outputs. The results are a JSON list of what runs have
handed on, in any order: see `trial_results`. A source is `param:NAME`, `best:NAME` or `all:NAME`. A file of the best is
copied; of all there is a folder with `index.json`. It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from automl.runtime.outputs import encode, unchanged
from automl.runtime.trial_results import Left, left_in
from automl.runtime.trials import Outcome, Trials

OF_FILES = ("file", "model", "dataset")


def hand_on(plan: Mapping[str, Any], results: Sequence[str], words: Sequence[str]) -> None:
    """Write what is asked for; ValueError if too many have failed, if none is the best, or if a value would not arrive."""
    trials, types, left = Trials(**plan["trials"]), plan["types"], left_in(results)
    outcome = outcome_of(trials, left)
    texts = {}
    for asked, place in zip(words[::2], words[1::2]):
        kind, name, *plain = asked.split(":")
        if kind == "param" or types[name] not in OF_FILES:
            text = outcome.value({kind: name}, types)
            texts[place] = unchanged(name, text) if plain else encode(text)
        elif kind == "best":
            assert outcome.best
            copy(Path(left[outcome.best.name].files[name]), Path(place))
        else:
            gather(trials, left, name, Path(place))
    for place, text in texts.items():
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        Path(place).write_bytes(text.encode())


def outcome_of(trials: Trials, left: Mapping[str, Left]) -> Outcome:
    """What has become of the trials, which the log says too."""
    runs = list(trials.runs())
    failed = [run.name for run in runs if run.name not in left]
    if failed:
        print(f"automl: {len(failed)} of {len(runs)} runs have failed: {', '.join(failed)}", flush=True)
    outcome = trials.ended([left[run.name].values if run.name in left else None for run in runs])
    for name, value in outcome.said().items():
        print(f"automl: {name}: {value}", flush=True)
    return outcome


def copy(source: Path, place: Path) -> None:
    """Copy a file or a folder."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, place)
    else:
        shutil.copy(source, place)


def gather(trials: Trials, left: Mapping[str, Left], output: str, folder: Path) -> None:
    """A folder with the files of all runs by their names, and `index.json`, which says which is whose."""
    folder.mkdir(parents=True, exist_ok=True)
    for run in trials.runs():
        if run.name in left:
            copy(Path(left[run.name].files[output]), folder / run.name)
    (folder / "index.json").write_text(trials.index(left), encoding="utf-8")


if __name__ == "__main__":
    try:
        hand_on(json.loads(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:])
    except (OSError, ValueError) as error:
        sys.exit(f"automl: {error}")
