"""Makes a folder of links to the files that the trials of a step have left, with `index.json`, which says which is whose.

    gather.py FOLDER=VARIABLE...

The variable has the trials, and where the files are, in JSON: see `Trials.files`. It runs on Python 3.8 and newer, with
the standard library alone.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

if __name__ == "__main__":  # what is beside this file is `automl.runtime`, whatever the image has
    sys.modules.update((name, ModuleType(name)) for name in ("automl", "automl.runtime"))
    sys.modules["automl.runtime"].__path__ = [str(Path(__file__).absolute().parent)]

from automl.runtime.trials import Trials


def gather(words: Sequence[str]) -> None:
    """Make the folders. A pod that is started again finds what it has made."""
    for folder, _, variable in (word.partition("=") for word in words):
        make(Path(folder), os.environ[variable])


def make(folder: Path, files: str) -> None:
    """One folder of the files of all runs that have left one."""
    told = json.loads(files)
    trials = Trials(**told["trials"])
    jobs = {run.name: job for run, job in zip(trials.runs(), told["jobs"]) if job is not None}
    folder.mkdir(parents=True, exist_ok=True)
    for run, job in jobs.items():
        link(folder / run, Path(told["folder"], job, told["output"]))
    (folder / "index.json").write_text(trials.index(jobs), encoding="utf-8")


def link(place: Path, file: Path) -> None:
    """A link to what a Job has left; ValueError if it is gone."""
    if not file.exists():
        raise ValueError(f"{file} is gone; delete the Job {file.parent.name}, so that it runs again")
    if not place.is_symlink():
        place.symlink_to(file)


if __name__ == "__main__":
    try:
        gather(sys.argv[1:])
    except (OSError, ValueError) as error:
        sys.exit(f"automl: {error}")
