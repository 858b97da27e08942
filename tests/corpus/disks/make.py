import sys
from pathlib import Path

for number, path in enumerate(sys.argv[1:]):
    Path(path).write_text(f"disk {number}", encoding="utf-8")

import see  # noqa: F401
