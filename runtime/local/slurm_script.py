"""The script by which a run has come to a cluster with Slurm: once more, it submits what has not succeeded."""

from __future__ import annotations

import fcntl
import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from automl.runtime.local.shelf import VerbError

KEPT = "script.sh"
PATIENCE = 60  # seconds, until the script has submitted its jobs
BETWEEN_LOOKS = 0.1  # seconds
_OWN = "automl: "  # before the sentences of a script


def submit_again(folder: Path) -> None:
    """Have the script of a run submit what is left of it: what the run was, whatever has become of the project.

    VerbError if the run has none, or if it says no.
    """
    script, place = folder / KEPT, folder.resolve()
    if not script.exists():
        raise VerbError(
            f"{folder.name} was submitted without a file of its script: `AUTOML_RUN={folder.name} bash SCRIPT` there, "
            "with that of the same config, submits what has not succeeded"
        )
    variables = {"AUTOML_RUN": place.name, "AUTOML_RUNS": str(place.parent)}
    done = subprocess.run(
        ["bash", str(script)],
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        words = [line.removeprefix(_OWN) for line in done.stderr.splitlines() if line.strip()]
        raise VerbError("; ".join(words) or f"the script has ended with status {done.returncode}")


def lock_of(folder: Path) -> Path:
    """What the script has locked as long as it submits jobs of a run."""
    place = folder.resolve()
    return place.with_name(f".{place.name}.lock")


def has_ended(folder: Path) -> bool:
    """Whether no script submits jobs of a run any more; it is waited for, but not for ever."""
    end = time.monotonic() + PATIENCE
    with suppress(FileNotFoundError), lock_of(folder).open("rb") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if time.monotonic() > end:
                    return False
                time.sleep(BETWEEN_LOOKS)
    return True
