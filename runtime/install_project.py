#!/usr/bin/env python3
"""Installs a project into the environment of its image, which has all that it needs already.

    install_project.py FOLDER [SECRETS]

Each file in the folder of secrets is a variable. It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

if __name__ == "__main__":  # what is beside this file is `automl.runtime`, whatever the image has
    sys.modules.update((name, ModuleType(name)) for name in ("automl", "automl.runtime"))
    sys.modules["automl.runtime"].__path__ = [str(Path(__file__).absolute().parent)]

from automl.runtime.dependencies import install_project
from automl.runtime.start import take_secrets


def main(folder: str, *secrets: str) -> None:
    """Install the project of a folder."""
    take_secrets(list(secrets), [])
    install_project(Path(folder).absolute())


if __name__ == "__main__":
    main(*sys.argv[1:])
