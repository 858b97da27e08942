import json
import os
from pathlib import Path

import see  # noqa: F401

given = json.loads(Path("given.json").read_text(encoding="utf-8"))
Path(os.environ["AUTOML_OUTPUT_WORD"]).write_text(given["word"], encoding="utf-8")
