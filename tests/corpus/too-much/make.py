import os
from pathlib import Path

import see  # noqa: F401

# one byte more than 3 KiB together
Path(os.environ["AUTOML_OUTPUT_FIRST"]).write_text("a" * 3000 + "\n", encoding="utf-8")
Path(os.environ["AUTOML_OUTPUT_SECOND"]).write_text("b" * 73, encoding="utf-8")
