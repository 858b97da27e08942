import os
from pathlib import Path

import see  # noqa: F401

Path(os.environ["AUTOML_OUTPUT_WHOLE"]).write_text("whole", encoding="utf-8")
