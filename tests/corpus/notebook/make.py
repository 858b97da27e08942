import os
from pathlib import Path

import see  # noqa: F401

Path(os.environ["AUTOML_OUTPUT_TABLE"]).write_text("a,b\n1,2\n", encoding="utf-8")
