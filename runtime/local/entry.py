"""Where a process of a run begins, in the folder of the run: MODULE [ARGUMENT...], beside this one or as FOLDER.MODULE."""

import signal
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).absolute().parent

if __name__ == "__main__":
    if not getattr(sys.flags, "safe_path", sys.flags.isolated):
        del sys.path[0]  # this folder: `queue` is to be Python's own
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # it would be told by a traceback
    for name, folder in (
        ("automl", HERE.parent.parent),
        ("automl.runtime", HERE.parent),
        *((f"automl.runtime.{folder}", HERE.parent / folder) for folder in ("local", "slurm")),
    ):
        sys.modules[name] = ModuleType(name)
        sys.modules[name].__path__ = [str(folder)]
    module = sys.argv[1] if "." in sys.argv[1] else f"local.{sys.argv[1]}"
    sys.exit(import_module(f"automl.runtime.{module}").main(sys.argv[2:]))
