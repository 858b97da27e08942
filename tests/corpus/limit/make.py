import os
from pathlib import Path

import see  # noqa: F401

# 3 KiB together, without the newline that is dropped
Path(os.environ["AUTOML_OUTPUT_FIRST"]).write_text("😀" * 700 + "\n", encoding="utf-8")
Path(os.environ["AUTOML_OUTPUT_SECOND"]).write_text("é" * 136, encoding="utf-8")
