import os
from pathlib import Path

import see  # noqa: F401

Path(os.environ["AUTOML_OUTPUT_WORD"]).write_text("word", encoding="utf-8")
