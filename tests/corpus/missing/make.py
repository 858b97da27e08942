import os
from pathlib import Path

import see  # noqa: F401

Path(os.environ["AUTOML_OUTPUT_THERE"]).write_text("there", encoding="utf-8")
