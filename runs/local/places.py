"""Where the runs of this machine are."""

from pathlib import Path

from automl.runtime.local.create import RUNS


def runs_folder() -> Path:
    """The folder of runs in the current folder, or in the nearest one around it; that of the user is for others."""
    here, home = Path.cwd(), Path.home()
    around = [folder for folder in here.parents if folder != home]
    return next((folder / RUNS for folder in (here, *around) if (folder / RUNS).is_dir()), here / RUNS)
