import os
from pathlib import Path

import see  # noqa: F401

Path(os.environ["AUTOML_OUTPUT_ALL"]).write_text("$(X)" * 768, encoding="utf-8")
