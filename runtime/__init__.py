"""The scripts that run inside the pods: readable in the manifest, with the standard library only."""

import re
from pathlib import Path

BESIDE_START = ("child", "dependencies", "folders")
"""The modules that `start.py` imports. They lie beside it, in a pod as here."""

FOR_VALUES = ("metrics", "outputs", "results", "values")
"""What it imports beside these for tasks that are given something, or leave something."""

FOR_STORE = ("store",)
"""And where files travel by a store."""

FOR_RESULTS = ("trial_results", "trial_run")
"""And where runs of trials hand on by what they are judged."""

FOR_TRIALS = ("selection", "trials")
"""What sees to the trials of a step."""

_IMPORTS = r"(?m)^from (__future__|automl\.runtime\.\w+) import .*\n"


def script(name: str) -> str:
    """The text of one of the scripts, for instance `start.py`."""
    return Path(__file__).parent.joinpath(name).read_text(encoding="utf-8")


def collecting_script() -> str:
    """The text of `collect.py` by itself, behind those of the modules that it imports."""
    return _joined("outputs", "trial_results", "collect")


def selecting_script() -> str:
    """The text of `selecting.py` by itself, behind those of the modules that it imports."""
    return _joined("outputs", "trial_results", *FOR_TRIALS, "selecting")


def _joined(first: str, *others: str) -> str:
    """The texts of modules as one, of which each imports others before it at most."""
    return script(f"{first}.py") + "".join(re.sub(_IMPORTS, "", script(f"{name}.py")) for name in others)


def start_scripts(
    for_values: bool = True, for_store: bool = False, for_results: bool = False
) -> dict[str, str]:
    """The texts of `start.py` and of what it imports, by the names of their files; the rest only where it is needed."""
    more = (*(FOR_VALUES if for_values else ()), *(FOR_STORE if for_store else ()))
    names = ("start", *BESIDE_START, *more, *(FOR_RESULTS if for_results else ()))
    return {f"{name}.py": script(f"{name}.py") for name in names}


def image_scripts() -> dict[str, str]:
    """The texts of what installs into an image, by the names of their files."""
    return {**start_scripts(for_values=False), "install_project.py": script("install_project.py")}


def selecting_scripts() -> dict[str, str]:
    """The texts of what says what has become of trials, by the names of their files."""
    return {f"{name}.py": script(f"{name}.py") for name in ("select_trials", "outputs", *FOR_TRIALS)}


def gathering_scripts() -> dict[str, str]:
    """The texts of what makes a folder of the files of all trials, by the names of their files."""
    return {f"{name}.py": script(f"{name}.py") for name in ("gather", *FOR_TRIALS)}


def local_scripts() -> dict[str, str]:
    """The texts of what runs a workflow on a machine, by the names of their files."""
    names = [
        f"{name}.py" for name in ("__init__", "start", *BESIDE_START, *FOR_VALUES, "states", *FOR_TRIALS)
    ]
    return {name: script(name) for name in ("checkout.sh", *names, *_modules_in("local"))}


def slurm_scripts() -> dict[str, str]:
    """The texts of what runs a workflow in jobs of Slurm, by the names of their files."""
    return {**local_scripts(), **{name: script(name) for name in _modules_in("slurm")}}


def _modules_in(folder: str) -> list[str]:
    return sorted(f"{folder}/{path.name}" for path in Path(__file__).parent.joinpath(folder).glob("*.py"))
