"""Packs a project into one file that Python runs: OUTPUT, ARCHIVE in base64, then a NAME and a TEXT for each script."""

import base64
import sys
import zipfile
from pathlib import Path

output, packed, *scripts = sys.argv[1:]
Path(output).parent.mkdir(parents=True, exist_ok=True)
with zipfile.ZipFile(output, "w") as program:
    for number in range(0, len(scripts), 2):
        program.writestr(scripts[number], scripts[number + 1])
    program.writestr("code.tar.bz2", base64.b64decode(packed))
