"""Says what has become of the trials of a step: fails if too many have failed, and writes what other steps take of them.

    select_trials.py TABLE FOLDER RUNS RESULTS

TABLE is a file: the trials in the words of a plan, the types of the outputs, and which values go to the FOLDER, each
into a file of its name, encoded or plain. RUNS is where the files of the runs are, if they are asked for: those of all
become a folder of links there. RESULTS are the runs that have succeeded, in JSON: for each its name and what it left.

It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

if __name__ == "__main__":  # what is beside this file is `automl.runtime`, whatever the image has
    sys.modules.update((name, ModuleType(name)) for name in ("automl", "automl.runtime"))
    sys.modules["automl.runtime"].__path__ = [str(Path(__file__).absolute().parent)]

from automl.runtime.outputs import decode, encode, unchanged
from automl.runtime.trials import Outcome, Trials, Values

RUN = "_run"
"""The name of a run among what it has left; no output has such a name."""
LONGEST = 96 * 1024
"""Bytes of a value that a step can be given: Kubernetes starts no program with a word of 128 KiB, and there are others."""
ALL = "all"
"""The folder of links, beside the folders of the runs."""


def main(table: str, folder: str, runs: str, results: str) -> None:
    """Write what is asked for; ValueError says what is wrong with the trials, and then nothing is written."""
    asked = json.loads(Path(table).read_text(encoding="utf-8"))
    trials, left = Trials(**asked["trials"]), left_in(results)
    outcome = trials.ended([left.get(run.name) for run in trials.runs()])
    for name, text in outcome.said().items():
        print(f"{name}: {text}")
    texts = {
        name: written(name, value_of(outcome, source, asked["types"]), name in asked["plain"])
        for name, source in asked["values"].items()
    }
    for output in asked["gathered"]:
        gather(Path(runs), output, trials, left)
    for name, text in texts.items():
        Path(folder, name).write_bytes(text.encode())


def left_in(results: str) -> dict[str, dict[str, str]]:
    """The values that each run has left, by the names of the runs; Argo puts an argument that is too long into a file."""
    text = Path(results[1:]).read_text(encoding="utf-8") if results.startswith("@") else results
    runs: list[dict[str, str]] = json.loads(text)
    return {run.pop(RUN): {name: decode(value) for name, value in run.items()} for run in runs}


def value_of(outcome: Outcome, source: Mapping[str, Any], types: Mapping[str, str]) -> str:
    """The value that is asked for; of a file of the best it is the name of its run, which says where that is."""
    if source.get("file"):
        assert outcome.best
        return outcome.best.name
    return outcome.value(source, types)


def written(name: str, text: str, is_plain: bool) -> str:
    """A value as it travels; ValueError if it would not arrive."""
    text = unchanged(name, text) if is_plain else encode(text)
    if len(text.encode()) > LONGEST:
        raise ValueError(
            f"{name!r} takes {len(text.encode()):,} bytes, and no more than {LONGEST:,} arrive; collect files"
        )
    return text


def gather(runs: Path, output: str, trials: Trials, left: Mapping[str, Values]) -> None:
    """A folder with the files of all runs by their names, and `index.json`, which says which is whose."""
    folder = runs / ALL / output
    folder.mkdir(parents=True, exist_ok=True)
    for run in trials.runs():
        if run.name in left and not (folder / run.name).is_symlink():
            (folder / run.name).symlink_to(Path("..", "..", run.name, output))
    (folder / "index.json").write_text(trials.index(left), encoding="utf-8")


def run(words: Sequence[str]) -> None:
    """What the program does with its words."""
    try:
        main(*words)
    except (OSError, ValueError) as error:
        sys.exit(f"automl: {error}")


if __name__ == "__main__":
    run(sys.argv[1:])
