"""Packs a project into one file that Python runs: START_PY, ARCHIVE in base64, OUTPUT."""

import base64
import sys
import zipfile
from pathlib import Path

start, packed, output = sys.argv[1:]
Path(output).parent.mkdir(parents=True, exist_ok=True)
with zipfile.ZipFile(output, "w") as program:
    program.writestr("__main__.py", start)
    program.writestr("code.tar.bz2", base64.b64decode(packed))
