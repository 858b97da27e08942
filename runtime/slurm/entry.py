"""Where a process of a run on a cluster with Slurm begins, in the folder of the run: MODULE [ARGUMENT...], a module beside this one."""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.argv[1] = f"slurm.{sys.argv[1]}"
    entry = Path(__file__).absolute().parent.parent / "local" / "entry.py"
    runpy.run_path(str(entry), run_name="__main__")
