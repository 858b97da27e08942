"""Makes a virtual environment in `$AUTOML_WORK`: FILE [PACKAGE...]; by `uv` if that is on the PATH, else by pip.

What the file means is the same as in a pod. There pip keeps nothing of what it has fetched, here it does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from automl.runtime import dependencies

QUIET = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_PROGRESS_BAR": "off", "UV_NO_PROGRESS": "1"}


def main(arguments: Sequence[str]) -> int:
    """Make it, unless it is there; its file `.installed` comes last."""
    file, *packages = arguments
    dependencies.run_tool = run_tool
    dependencies.enter_environment(file, packages)
    return 0


def run_tool(name: str, *arguments: str) -> int:
    """The status of pip, or of what does its work, or of the uv that was installed for files that pip does not read."""
    command = [str(dependencies.PYTHON), "-I", "-m", name, *arguments]
    uv = shutil.which("uv")
    if name == "pip" and uv:
        command = [uv, "pip", *arguments, *dependencies.INTO]
    variables = {**QUIET, "UV_PYTHON_DOWNLOADS": "never", **os.environ}
    return subprocess.run(command, env=variables, close_fds=False, check=False).returncode
